/* What the kernel says of the rights that this process was started with. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/secure.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

bool bp_secure_is_on(void)
{
	return getauxval(AT_SECURE) != 0;
}

static bool has_rights_on_files(void)
{
	static const unsigned caps[] = { CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
					 CAP_FOWNER, CAP_SETUID,       CAP_SETGID };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return true;
	for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if ((data[0].effective | data[0].permitted) & (UINT32_C(1) << caps[i]))
			return true;
	return false;
}

bool bp_secure_opens_for_another(void)
{
	return bp_secure_is_on() &&
	       (geteuid() != getuid() || getegid() != getgid() || has_rights_on_files());
}
