/* The format gzip in a build without its library: recognised, and refused with what to install. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "unpack.h"

const struct bp_pcap_unpack_format bp_pcap_unpack_gzip = {
	.name = "gzip",
	.magic = { 0x1f, 0x8b },
	.magic_bytes = 2,
	.missing = "install zlib1g-dev and build again",
};
