/* What the programs of a hand-over share with who loads them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_HANDOVER_SOCKETS_BPF_H
#define BYPATH_HANDOVER_SOCKETS_BPF_H

/* Packets after which a CPU's count is compared anew: more than it has on its way between two sockets at once, which is what
 * one poll of NAPI takes. */
#define HANDOVER_WINDOW 128

/* Of one CPU: the packets that came to the sockets of either side, and where the one is in the other's count. */
struct handover_turn {
	unsigned long long n_to, n_from;
	unsigned long long
		first; /* number, by n_to, of the first packet that is to's; 0: none is yet */
	long long ahead,
		ahead_before; /* the most that n_from was above n_to in this window and the last */
};

#endif
