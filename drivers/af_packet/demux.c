/* Decides in the kernel which of a receive queue's two rings a packet goes to. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two sockets form a fanout group, which gives each packet to exactly one of them, as a BPF
 * program says: to the second while the word shared with user space is 1. So switching is one store,
 * and nothing is lost or doubled by it. A packet that fits no block clears the word itself, so that
 * what comes after it goes to the first ring as well, behind it.
 */
#include "af_packet.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int call_bpf(int command, union bpf_attr *attr)
{
	long rc = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return rc < 0 ? -errno : (int)rc;
}

static int make_map(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = sizeof(uint64_t);
	attr.max_entries = 1;
	attr.map_flags = BPF_F_MMAPABLE;
	return call_bpf(BPF_MAP_CREATE, &attr);
}

static int load_program(int map_fd, int32_t len_max)
{
	const struct bpf_insn code[] = {
		/* r2 = &word; r0 = word; unless r0: first ring */
		{ BPF_LD | BPF_IMM | BPF_DW, BPF_REG_2, BPF_PSEUDO_MAP_VALUE, 0, map_fd },
		{ 0, 0, 0, 0, 0 },
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_0, BPF_REG_2, 0, 0 },
		{ BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 4, 0 },
		/* r1 = packet; longer than a block takes: first ring, from now on */
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct __sk_buff, len),
		  0 },
		{ BPF_JMP | BPF_JLE | BPF_K, BPF_REG_3, 0, 2, len_max },
		{ BPF_ST | BPF_MEM | BPF_W, BPF_REG_2, 0, 0, 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uintptr_t)code;
	attr.insn_cnt = sizeof(code) / sizeof(code[0]);
	attr.license = (uintptr_t) "BSD-3-Clause";
	return call_bpf(BPF_PROG_LOAD, &attr);
}

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int afp_demux_open(struct afp_demux *dx, uint32_t len_max)
{
	int map_fd = make_map();
	int err = 0;

	dx->program_fd = -1;
	dx->word = NULL;
	if (map_fd < 0)
		return map_fd;
	dx->word = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (dx->word == MAP_FAILED) {
		dx->word = NULL;
		err = -errno;
	} else {
		dx->program_fd = load_program(map_fd, (int32_t)len_max);
		if (dx->program_fd < 0)
			err = dx->program_fd;
	}
	/* Mapping and program hold the map. */
	close(map_fd);
	if (err)
		afp_demux_close(dx);
	return err;
}

int afp_demux_attach(const struct afp_demux *dx, int fd)
{
	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &dx->program_fd,
			  sizeof(dx->program_fd))
		       ? -errno
		       : 0;
}

void afp_demux_close(struct afp_demux *dx)
{
	if (dx->word)
		munmap(dx->word, page_bytes());
	if (dx->program_fd >= 0)
		close(dx->program_fd);
	dx->word = NULL;
	dx->program_fd = -1;
}
