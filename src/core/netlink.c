/* Sends a netlink request, gathers its answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netlink.h"

#include "core/clock.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 5

/* The kernel makes a dump's pieces as long as the longest room that it was offered, up to this. */
#define REPLY_BYTES 32768u

/* A datagram; it grows to the longest. */
struct reply {
	char *at;
	size_t room, len;
};

int bp_netlink_open(int protocol)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

void *bp_netlink_request(char room[BP_NETLINK_REQUEST_BYTES], unsigned type, unsigned flags,
			 size_t header_bytes)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(room);

	request->nlmsg_type = (uint16_t)type;
	/* The end of a dump says that it is one; of anything else an acknowledgement does. */
	request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (flags ? flags : NLM_F_ACK));
	return mnl_nlmsg_put_extra_header(request, header_bytes);
}

static int send_request(int fd, const struct nlmsghdr *request)
{
	ssize_t n;

	do
		n = send(fd, request, request->nlmsg_len, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* recv() of a whole datagram. 0 or -errno. */
static int receive(int fd, struct reply *reply, int flags)
{
	ssize_t n;

	do
		n = recv(fd, reply->at, reply->room, MSG_TRUNC | flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	reply->len = (size_t)n;
	return 0;
}

static int grow(struct reply *reply)
{
	char *more = realloc(reply->at, reply->len);

	if (!more)
		return -ENOMEM;
	reply->at = more;
	reply->room = reply->len;
	return 0;
}

static int receive_whole(int fd, struct reply *reply)
{
	int err = receive(fd, reply, MSG_PEEK);

	if (!err && reply->len > reply->room)
		err = grow(reply);
	return err ? err : receive(fd, reply, 0);
}

/* Since Linux 4.12 the end of a dump carries what ended it. */
static int take_done(const struct nlmsghdr *msg, void *ctx)
{
	int code = 0;

	(void)ctx;
	if (mnl_nlmsg_get_payload_len(msg) >= sizeof(code))
		memcpy(&code, mnl_nlmsg_get_payload(msg), sizeof(code));
	errno = -code;
	return code < 0 ? MNL_CB_ERROR : MNL_CB_STOP;
}

static int take_error(const struct nlmsghdr *msg, void *ctx)
{
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(msg);

	(void)ctx;
	errno = mnl_nlmsg_get_payload_len(msg) < sizeof(*answer) ? EBADMSG : -answer->error;
	return errno ? MNL_CB_ERROR : MNL_CB_STOP;
}

/* MNL_CB_OK: more is to come. */
static int take_reply(const struct reply *reply, const struct nlmsghdr *request, mnl_cb_t take,
		      void *ctx)
{
	mnl_cb_t ends[] = { [NLMSG_ERROR] = take_error, [NLMSG_DONE] = take_done };
	const struct nlmsghdr *msg = (const void *)reply->at;

	if (!mnl_nlmsg_ok(msg, (int)reply->len) || msg->nlmsg_seq != request->nlmsg_seq)
		return MNL_CB_OK; /* of an earlier request, which was given up */
	return mnl_cb_run2(reply->at, reply->len, request->nlmsg_seq, 0, take, ctx, ends,
			   sizeof(ends) / sizeof(ends[0]));
}

int bp_netlink_ask(int fd, char room[BP_NETLINK_REQUEST_BYTES], mnl_cb_t take, void *ctx)
{
	struct nlmsghdr *request = (void *)room;
	struct reply reply = { .at = malloc(REPLY_BYTES), .room = REPLY_BYTES };
	int err = reply.at ? 0 : -ENOMEM, state = MNL_CB_OK;

	request->nlmsg_seq = (uint32_t)bp_clock_ns() | 1; /* 0 would match any */
	if (!err)
		err = send_request(fd, request);
	while (!err && state == MNL_CB_OK) {
		err = receive_whole(fd, &reply);
		if (err)
			break;
		state = take_reply(&reply, request, take, ctx);
		if (state == MNL_CB_ERROR)
			err = errno ? -errno : -EIO;
	}
	free(reply.at);
	return err;
}
