/* System calls by name. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/names.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>

static const struct {
	unsigned number;
	const char *name;
} calls[] = {
#define CALL(name)                \
	{                         \
		SYS_##name, #name \
	}
	CALL(recvmmsg),   CALL(recvmsg),         CALL(recvfrom),   CALL(sendmmsg),
	CALL(sendmsg),    CALL(sendto),          CALL(read),       CALL(readv),
	CALL(write),      CALL(writev),          CALL(ppoll),      CALL(epoll_pwait),
	CALL(futex),      CALL(clock_nanosleep), CALL(nanosleep),  CALL(rt_sigtimedwait),
	CALL(ioctl),      CALL(getsockopt),      CALL(setsockopt), CALL(socket),
	CALL(openat),     CALL(close),           CALL(mmap),       CALL(munmap),
	CALL(madvise),    CALL(lseek),
#ifdef SYS_poll
	CALL(poll),
#endif
#ifdef SYS_epoll_wait
	CALL(epoll_wait),
#endif
#undef CALL
};

const char *bp_probe_system_call(unsigned number, char text[16])
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].number == number)
			return calls[i].name;
	snprintf(text, 16, "number %u", number);
	return text;
}
