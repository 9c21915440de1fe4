/* Fuzz target: any bytes as a packet's headers in one line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/headline.h"

#include "demand.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of their very length: what is read beyond is seen. */
	uint8_t *bytes = malloc(size ? size : 1);
	char text[BP_HEADLINE_BYTES];

	demand(bytes, "memory");
	memcpy(bytes, data, size);
	memset(text, 'x', sizeof(text));
	bp_headline(bytes, size, text);
	demand(memchr(text, '\0', sizeof(text)) && text[0], "a line that ends");
	free(bytes);
	return 0;
}
