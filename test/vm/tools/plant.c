/* Preloaded: memset() takes PLANT instructions more, so that a count of instructions can be tested. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uintptr_t n_turns;

__attribute__((constructor)) static void read_plant(void)
{
	const char *text = getenv("PLANT");

	n_turns = text ? strtoul(text, NULL, 10) / 2 : 0;
}

/* A turn is two instructions, whatever the compiler: for 0 there is one turn all the same. */
void *memset(void *to, int c, size_t n_bytes)
{
	uintptr_t left = n_turns + 1;
	void *at = to;

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(left) : : "cc");
	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n_bytes) : "a"(c) : "memory");
	return to;
}
