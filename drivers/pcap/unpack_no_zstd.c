/* The format zstd in a build without its library: recognised, and refused with what to install. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "unpack.h"

const struct bp_pcap_unpack_format bp_pcap_unpack_zstd = {
	.name = "zstd",
	.magic = { 0x28, 0xb5, 0x2f, 0xfd },
	.magic_bytes = 4,
	.missing = "install libzstd-dev and build again",
};
