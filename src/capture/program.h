/* Programs of BPF from anybody: which of them can be run. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CAPTURE_PROGRAM_H
#define BYPATH_CAPTURE_PROGRAM_H

#include <pcap/pcap.h>
#include <stdbool.h>

/*
 * May bpf_filter() run it, whoever wrote it? Each instruction is exactly one that it knows, which bpf_validate() does not ask
 * for and whose lack ends the process; none divides by 0, or shifts by more than there is; jumps lead forward, within the
 * program, so that it ends, by returning; and it reads no word of its memory that it has not written, on whatever way. All of
 * libpcap's programs but those of protochain are such. n ≤ BP_CAPTURE_INSNS_MAX. Pure.
 */
bool bp_program_is_sound(const struct bpf_insn *insns, unsigned n);

#endif
