/* Start-up time: from the exec of a forwarder to the first frame that comes through it. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench-start SENDER-NETNS RECEIVER-NETNS INTERFACE FORWARDER-NETNS COMMAND...
 *
 * Sends a 64-byte frame every 200 µs while COMMAND starts in FORWARDER-NETNS, stops COMMAND with
 * SIGTERM once a frame is through, and prints the milliseconds from just before its exec until then.
 * Ends with 1 when nothing came within ten seconds.
 */
#include "lab_socket.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define FRAME_BYTES 64
#define GAP_NS      200000u
#define TIMEOUT_NS  10000000000u

static pid_t start_in(const char *netns, char **command)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	lab_enter(netns);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

/* Nanoseconds until a frame is through; 0 when none comes. */
static uint64_t wait_for_frame(int tx, int rx, uint64_t begin_ns)
{
	const uint8_t frame[FRAME_BYTES] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
	uint64_t next_ns = begin_ns, now_ns;
	uint8_t got[2048];

	while ((now_ns = lab_now_ns()) - begin_ns < TIMEOUT_NS) {
		if (now_ns >= next_ns) {
			(void)!send(tx, frame, sizeof(frame), 0);
			next_ns = now_ns + GAP_NS;
		}
		if (recv(rx, got, sizeof(got), 0) > 0)
			return lab_now_ns() - begin_ns;
		usleep(20);
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t begin_ns, took_ns;
	int tx, rx, status;
	pid_t pid;

	if (argc < 6) {
		fprintf(stderr, "usage: bench-start SENDER-NETNS RECEIVER-NETNS INTERFACE "
				"FORWARDER-NETNS COMMAND...\n");
		return 2;
	}
	tx = lab_socket(argv[1], argv[3]);
	rx = lab_socket(argv[2], argv[3]);
	begin_ns = lab_now_ns();
	pid = start_in(argv[4], argv + 5);
	took_ns = wait_for_frame(tx, rx, begin_ns);
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	if (!took_ns) {
		puts("-");
		return 1;
	}
	printf("%.1f\n", (double)took_ns / 1e6);
	return 0;
}
