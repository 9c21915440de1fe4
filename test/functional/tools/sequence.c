/* Sends numbered frames in spells of load and quiet, or checks that they arrive in order. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sequence send INTERFACE SECONDS ON_MS OFF_MS LONG_EVERY
 *   as fast as it can for ON_MS, single frames for OFF_MS, and so on; every LONG_EVERY-th frame (0:
 *   none) is a super-frame. Prints "sent N".
 * sequence check INTERFACE SECONDS
 *   prints "received N lost N reordered N altered N" after SECONDS without a frame.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH       32
#define FRAME_BYTES 64
#define LONG_BYTES  20014
#define MARK        7777 /* TCP port */
#define N_SLOTS     16384
#define SLOT_BYTES  256

/* TCP over IPv4 to nobody, so that a device can take super-frames. */
struct frame {
	struct virtio_net_hdr meta;
	struct ethhdr link;
	struct iphdr ip;
	struct tcphdr tcp;
	uint16_t rest;
	uint64_t number;
	uint8_t payload[LONG_BYTES - FRAME_BYTES];
} __attribute__((packed));
#define META_BYTES sizeof(struct virtio_net_hdr)

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int bind_to(int fd, const char *name, uint16_t type)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(type),
				    .sll_ifindex = (int)if_nametoindex(name) };

	return bind(fd, (struct sockaddr *)&addr, sizeof(addr));
}

static void fill(struct frame *f, uint64_t number, size_t len)
{
	memset(f, 0, offsetof(struct frame, number));
	memset(f->link.h_dest, 0xff, ETH_ALEN);
	memset(f->link.h_source, 2, ETH_ALEN);
	f->link.h_proto = htons(ETH_P_IP);
	f->ip = (struct iphdr){ .version = 4,
				.ihl = 5,
				.tot_len = htons((uint16_t)(len - sizeof(f->link))),
				.ttl = 9,
				.protocol = IPPROTO_TCP,
				.saddr = htonl(0xc0000201),
				.daddr = htonl(0xc0000202) };
	f->tcp.doff = 5;
	f->tcp.source = htons(MARK);
	f->number = number;
	memset(f->payload, (int)(number & 0xff), len - FRAME_BYTES);
	if (len > FRAME_BYTES)
		f->meta = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
						   .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
						   .hdr_len = 54,
						   .gso_size = 1400,
						   .csum_start = 34,
						   .csum_offset = 16 };
}

/* One frame, for as long as the device's queue is full. */
static void send_one(int fd, const struct frame *f, size_t len)
{
	while (send(fd, f, META_BYTES + len, 0) < 0)
		if (errno != ENOBUFS && errno != EAGAIN)
			die("send");
}

static void send_batch(int fd, struct frame *frames, uint64_t number)
{
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int done = 0;

	memset(msgs, 0, BATCH * sizeof(msgs[0]));
	for (unsigned i = 0; i < BATCH; i++) {
		fill(&frames[i], number + i, FRAME_BYTES);
		iov[i] = (struct iovec){ &frames[i], META_BYTES + FRAME_BYTES };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	while (done < BATCH) {
		int n = sendmmsg(fd, msgs + done, (unsigned)(BATCH - done), 0);

		if (n < 0 && errno != ENOBUFS && errno != EAGAIN)
			die("sendmmsg");
		done += n > 0 ? n : 0;
	}
}

static void run_sender(char **arg)
{
	static struct frame frames[BATCH];
	uint64_t on_ns = (uint64_t)atoi(arg[2]) * 1000000u,
		 off_ns = (uint64_t)atoi(arg[3]) * 1000000u;
	uint64_t long_every = (uint64_t)atoll(arg[4]), number = 0, next_long = long_every;
	uint64_t begin = now_ns(), end = begin + (uint64_t)atoi(arg[1]) * 1000000000u, now = begin;
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
	cpu_set_t cpus;

	/* From one core: packets of two would overtake each other before they arrive. */
	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || fd < 0 || bind_to(fd, arg[0], 0))
		die(arg[0]);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)))
		die("PACKET_VNET_HDR");
	for (; now < end; now = now_ns()) {
		if (long_every && number >= next_long) {
			next_long += long_every;
			fill(&frames[0], number++, LONG_BYTES);
			send_one(fd, &frames[0], LONG_BYTES);
		} else if ((now - begin) % (on_ns + off_ns) < on_ns) {
			send_batch(fd, frames, number);
			number += BATCH;
		} else {
			fill(&frames[0], number++, FRAME_BYTES);
			send_one(fd, &frames[0], FRAME_BYTES);
			usleep(100);
		}
	}
	printf("sent %llu\n", (unsigned long long)number);
}

static void run_checker(char **arg)
{
	struct tpacket_req req = { .tp_block_size = 65536,
				   .tp_frame_size = SLOT_BYTES,
				   .tp_block_nr = N_SLOTS * SLOT_BYTES / 65536,
				   .tp_frame_nr = N_SLOTS };
	uint64_t next = 0, n_got = 0, n_lost = 0, n_reordered = 0, n_altered = 0;
	int fd = socket(AF_PACKET, SOCK_RAW, 0), version = TPACKET_V2;
	unsigned slot = 0;
	uint8_t *ring;

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		die("ring");
	ring = mmap(NULL, N_SLOTS * SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED || bind_to(fd, arg[0], ETH_P_IP))
		die(arg[0]);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		struct tpacket2_hdr *hdr = (void *)(ring + (size_t)slot * SLOT_BYTES);
		struct pollfd p = { .fd = fd, .events = POLLIN };
		const struct frame *f;
		bool is_ours;

		if (!(__atomic_load_n(&hdr->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
			if (!poll(&p, 1, atoi(arg[1]) * 1000))
				break;
			continue;
		}
		f = (void *)((uint8_t *)hdr + hdr->tp_mac - META_BYTES);
		is_ours = hdr->tp_len >= FRAME_BYTES && f->tcp.source == htons(MARK);
		n_got += is_ours;
		n_altered += is_ours && hdr->tp_len != FRAME_BYTES &&
			     (hdr->tp_len != LONG_BYTES || f->payload[0] != (f->number & 0xff));
		if (!is_ours) {
			/* somebody else's */
		} else if (f->number < next) {
			n_reordered++;
		} else {
			n_lost += f->number - next;
			next = f->number + 1;
		}
		__atomic_store_n(&hdr->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		slot = (slot + 1) % N_SLOTS;
	}
	printf("received %llu lost %llu reordered %llu altered %llu\n", (unsigned long long)n_got,
	       (unsigned long long)n_lost, (unsigned long long)n_reordered,
	       (unsigned long long)n_altered);
}

int main(int argc, char **argv)
{
	if (argc == 7 && !strcmp(argv[1], "send"))
		run_sender(argv + 2);
	else if (argc == 4 && !strcmp(argv[1], "check"))
		run_checker(argv + 2);
	else
		return 2;
	return 0;
}
