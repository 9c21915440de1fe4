/* Segments and checksums, judged by tcpdump: a verdict that is not ours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame_build.h"
#include "offload_bed.h"

#include <unistd.h>

#define PCAP_MAGIC   0xa1b2c3d4u
#define LINKTYPE_ETH 1u
#define SNAPLEN      65535u
#define TCP_ACK      0x10u
#define N_FRAMES     256u

static struct fb_frame frame;

static void write_u32(FILE *file, uint32_t v)
{
	fwrite(&v, sizeof(v), 1, file);
}

static void write_packet(FILE *file, const struct bp_pkt *pkt)
{
	write_u32(file, 0);
	write_u32(file, 0);
	write_u32(file, pkt->len);
	write_u32(file, pkt->len);
	fwrite(pkt->data, pkt->len, 1, file);
}

/* Everything that comes out of this spec's frame, into the file. Returns the number of packets. */
static unsigned write_output(FILE *file, const struct fb_spec *spec, uint8_t gso_type)
{
	struct bed *bed = bed_open(N_FRAMES, 0, 0, 1500);
	struct bp_vnet_hdr meta = { .flags = BP_VNET_F_NEEDS_CSUM, .gso_type = gso_type };
	struct bp_pkt in[BP_BURST_MAX], *out;
	unsigned n, n_pkts = 0;

	if (!bed)
		exit(1);
	fb_build(&frame, spec);
	meta.csum_start = (uint16_t)frame.l4;
	meta.csum_offset = (uint16_t)(frame.csum - frame.l4);
	meta.gso_size = gso_type ? 1300 : 0;
	n = bed_chain(bed, in, frame.bytes, frame.len, gso_type ? 3000 : FRAME_BYTES_MAX, &meta);
	bp_offload_begin(bed->o, in, n);
	while ((n = bp_offload_next(bed->o, &out))) {
		for (unsigned i = 0; i < n; i++)
			write_packet(file, &out[i]);
		n_pkts += n;
		bp_pool_put(0, out, n);
	}
	bed_close(bed);
	return n_pkts;
}

static unsigned write_capture(const char *path)
{
	static const struct {
		struct fb_spec spec;
		uint8_t gso_type;
	} ROWS[] = {
		{ { .payload_bytes = 100 }, 0 },
		{ { .payload_bytes = 101, .n_tags = 1, .tcp_option_bytes = 12 }, 0 },
		{ { .payload_bytes = 40, .is_udp = true }, 0 },
		{ { .payload_bytes = 41, .is_udp = true, .is_v6 = true }, 0 },
		{ { .payload_bytes = 77, .is_v6 = true, .ext_bytes = 8 }, 0 },
		{ { .payload_bytes = 60001, .tcp_option_bytes = 12, .ip_id = 65530 },
		  BP_VNET_GSO_TCPV4 },
		{ { .payload_bytes = 30000, .ip_option_bytes = 4, .n_tags = 1 },
		  BP_VNET_GSO_TCPV4 },
		{ { .payload_bytes = 50000, .is_v6 = true }, BP_VNET_GSO_TCPV6 },
		{ { .payload_bytes = 9999, .is_udp = true }, BP_VNET_GSO_UDP_L4 },
		{ { .payload_bytes = 9999, .is_udp = true, .is_v6 = true }, BP_VNET_GSO_UDP_L4 },
	};
	FILE *file = fopen(path, "wb");
	unsigned n_pkts = 0;

	if (!file)
		exit(1);
	write_u32(file, PCAP_MAGIC);
	write_u32(file, 2 | 4 << 16); /* version */
	write_u32(file, 0);
	write_u32(file, 0);
	write_u32(file, SNAPLEN);
	write_u32(file, LINKTYPE_ETH);
	for (unsigned i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct fb_spec spec = ROWS[i].spec;

		spec.tcp_flags = TCP_ACK;
		spec.csum = FB_PARTIAL;
		n_pkts += write_output(file, &spec, ROWS[i].gso_type);
	}
	if (fclose(file))
		exit(1);
	return n_pkts;
}

/* tcpdump says "cksum 0x1234 (correct)" for TCP, "[udp sum ok]" for UDP. */
static unsigned count_correct(FILE *output, unsigned *n_bad)
{
	static char line[4096];
	unsigned n_correct = 0;

	while (fgets(line, sizeof(line), output)) {
		n_correct += strstr(line, "(correct)") || strstr(line, "udp sum ok");
		if (strstr(line, "incorrect") || strstr(line, "bad ") ||
		    strstr(line, "truncated")) {
			fputs(line, stderr);
			(*n_bad)++;
		}
	}
	return n_correct;
}

int main(void)
{
	char path[] = "/tmp/bypath-offload-XXXXXX", command[128];
	unsigned n_pkts, n_correct, n_bad = 0;
	int fd;
	FILE *output;

	if (system("tcpdump --version >/dev/null 2>&1")) {
		puts("SKIP: no tcpdump: install it (see ./quickstart)");
		return 77;
	}
	fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	n_pkts = write_capture(path);
	snprintf(command, sizeof(command), "tcpdump -nvvr %s 2>&1", path);
	output = popen(command, "r");
	if (!output)
		return 1;
	n_correct = count_correct(output, &n_bad);
	pclose(output);
	unlink(path);
	printf("%u packets, %u correct, %u bad\n", n_pkts, n_correct, n_bad);
	return n_pkts == 131 && n_correct == n_pkts && !n_bad ? 0 : 1;
}
