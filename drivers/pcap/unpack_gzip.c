/* Unpacks gzip files, members one after the other included, by zlib. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "unpack.h"

#include <stdlib.h>
#include <zlib.h>

#define WINDOW_BITS (15 + 16) /* the longest window, a gzip header and nothing else */

static void *gzip_open(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z && inflateInit2(z, WINDOW_BITS) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static ssize_t gzip_run(void *state, struct bp_pcap_unpack_in *in, uint8_t *out, size_t room,
			bool *is_whole, const char **why)
{
	z_stream *z = state;
	int ret;

	if (*is_whole && in->len)
		inflateReset(z); /* one more member */
	z->next_in = (z_const Bytef *)in->bytes;
	z->avail_in = (uInt)in->len;
	z->next_out = out;
	z->avail_out = (uInt)room;
	ret = inflate(z, Z_NO_FLUSH);
	in->bytes = z->next_in;
	in->len = z->avail_in;
	*is_whole = ret == Z_STREAM_END;
	if (ret == Z_OK || ret == Z_STREAM_END || ret == Z_BUF_ERROR)
		return (ssize_t)(room - z->avail_out);
	*why = ret == Z_MEM_ERROR ? "no memory to unpack it" : "the compressed data is damaged";
	return -1;
}

static void gzip_close(void *state)
{
	inflateEnd(state);
	free(state);
}

const struct bp_pcap_unpack_format bp_pcap_unpack_gzip = {
	.name = "gzip",
	.magic = { 0x1f, 0x8b },
	.magic_bytes = 2,
	.open = gzip_open,
	.run = gzip_run,
	.close = gzip_close,
};
