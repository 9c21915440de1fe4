/* Unpacks zstd files, frames one after the other included, by libzstd. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "unpack.h"

#include <zstd.h>

static void *zstd_open(void)
{
	return ZSTD_createDCtx();
}

static ssize_t zstd_run(void *state, struct bp_pcap_unpack_in *in, uint8_t *out, size_t room,
			bool *is_whole, const char **why)
{
	ZSTD_inBuffer from = { in->bytes, in->len, 0 };
	ZSTD_outBuffer to = { out, room, 0 };
	size_t ret = ZSTD_decompressStream(state, &to, &from);

	if (ZSTD_isError(ret)) {
		*why = ZSTD_getErrorName(ret);
		return -1;
	}
	in->bytes += from.pos;
	in->len -= from.pos;
	*is_whole = ret == 0;
	return (ssize_t)to.pos;
}

static void zstd_close(void *state)
{
	ZSTD_freeDCtx(state);
}

const struct bp_pcap_unpack_format bp_pcap_unpack_zstd = {
	.name = "zstd",
	.magic = { 0x28, 0xb5, 0x2f, 0xfd },
	.magic_bytes = 4,
	.open = zstd_open,
	.run = zstd_run,
	.close = zstd_close,
};
