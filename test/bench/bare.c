/* The least that a sleeping forwarder can be: poll(), recv(), send(), one frame at a time. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench-bare NETNS FROM TO CORE
 *
 * Forwards LAB_ETHERTYPE frames from one interface to the other until it is killed. What a wake-up
 * through it takes is the machine's share of what one through bypath takes.
 */
#include "lab_socket.h"

#include <poll.h>

int main(int argc, char **argv)
{
	struct pollfd from = { .events = POLLIN };
	uint8_t frame[2048];
	int to;

	if (argc != 5) {
		fprintf(stderr, "usage: bench-bare NETNS FROM TO CORE\n");
		return 2;
	}
	from.fd = lab_socket(argv[1], argv[2]);
	to = lab_socket(argv[1], argv[3]);
	lab_pin((unsigned)atoi(argv[4]));
	for (;;) {
		ssize_t n = recv(from.fd, frame, sizeof(frame), 0);

		if (n <= 0)
			poll(&from, 1, -1);
		else if (send(to, frame, (size_t)n, 0) < 0)
			perror("send");
	}
}
