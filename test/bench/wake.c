/* Wake latency: how long a lone packet takes through an idle forwarder, host to host. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: wake SENDER-NETNS RECEIVER-NETNS INTERFACE PACKETS GAP_US CORE
 *
 * Opens a packet socket in each named namespace, sends one 64-byte frame at a time with GAP_US ± 50 %
 * between them, spins on the receiver. Prints 'packets lost p50_us p99_us max_us'.
 */
#include "lab_socket.h"

#include <string.h>

#define FRAME_BYTES 64
#define TIMEOUT_NS  1000000000u

/* Nanoseconds from before the send to after the receive; 0 when it does not arrive. */
static uint64_t time_one(int tx, int rx, uint32_t sequence)
{
	uint8_t frame[FRAME_BYTES] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
	uint8_t got[2048];
	uint64_t begin = lab_now_ns();
	uint32_t seen;

	memcpy(frame + 14, &sequence, sizeof(sequence));
	if (send(tx, frame, sizeof(frame), 0) != sizeof(frame)) {
		perror("send");
		exit(1);
	}
	while (lab_now_ns() - begin < TIMEOUT_NS) {
		if (recv(rx, got, sizeof(got), 0) < (ssize_t)(14 + sizeof(seen)))
			continue;
		memcpy(&seen, got + 14, sizeof(seen));
		if (seen == sequence)
			return lab_now_ns() - begin;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	unsigned n, gap_us, n_got = 0;
	uint64_t *times;
	int tx, rx;

	if (argc != 7) {
		fprintf(stderr, "usage: wake SENDER-NETNS RECEIVER-NETNS INTERFACE PACKETS GAP_US "
				"CORE\n");
		return 2;
	}
	n = (unsigned)atoi(argv[4]);
	gap_us = (unsigned)atoi(argv[5]);
	lab_pin((unsigned)atoi(argv[6]));
	times = calloc(n ? n : 1, sizeof(*times));
	if (!times)
		return 1;
	tx = lab_socket(argv[1], argv[3]);
	rx = lab_socket(argv[2], argv[3]);
	srandom(1);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t ns;

		usleep(gap_us / 2 + (unsigned)random() % (gap_us + 1));
		ns = time_one(tx, rx, i + 1);
		if (ns)
			times[n_got++] = ns;
	}
	qsort(times, n_got, sizeof(*times), compare);
	if (!n_got) {
		printf("0 %u - - -\n", n);
		return 1;
	}
	printf("%u %u %.1f %.1f %.1f\n", n_got, n - n_got, (double)times[n_got / 2] / 1e3,
	       (double)times[(size_t)n_got * 99 / 100] / 1e3, (double)times[n_got - 1] / 1e3);
	return 0;
}
