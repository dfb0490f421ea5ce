/*
 * Sends datagrams at a set rate, many a system call: the generator shares the machine with the collector
 * that is measured, and what it takes is missing there. "send FILE PORT VERSION RATE SECONDS RAMP EXPORTERS AHEAD",
 * see native-sender.ts: FILE holds each datagram with its length before it (16 bits, little endian), RATE is in
 * datagrams a second, AHEAD what its clock is ahead in seconds. Begins when a byte comes in, and says in a line of JSON what it sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* At most so many datagrams at once: a burst must not be what fills a buffer. */
#define BURST_MOST 128
/* If the machine stood still for longer, only so much is made up for, in seconds: all of it would fill a buffer. */
#define PAUSE_MOST 0.2
/* Uptime of the exporter as it begins to send, as in datagrams.ts. */
#define UPTIME_MS 50000000u
/* Where the records of a datagram stand, and in them the start of a flow, with its end behind it. */
struct layout {
  size_t header, record, start;
};
static const struct layout v5 = {24, 48, 24}, v9 = {20, 56, 28}, ipfix = {16, 72, 36};

struct datagram {
  uint8_t *bytes;
  size_t length;
  /* By how much the times of its flows were moved on, ms. */
  uint32_t movedMs;
};

static double nowSeconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

/* Moves the times of flows on, so that they ended as long before this sending as before the first: intervals come and go. */
static void moveTimes(struct datagram *each, int version, double elapsed) {
  const struct layout *is = version == 5 ? &v5 : version == 9 ? &v9 : &ipfix;
  uint32_t byMs = (uint32_t)(elapsed * 1000) - each->movedMs;
  each->movedMs += byMs;
  size_t at = is->header;
  if (version != 5) {
    /* A set with the template may stand before that of the records. */
    if (each->bytes[at] == 0 && each->bytes[at + 1] < 4) at += each->bytes[at + 2] << 8 | each->bytes[at + 3];
    at += 4;
  }
  for (at += is->start; at < each->length; at += is->record) {
    for (int i = 0; i < 2; i++) {
      if (version != 10) {
        put32(each->bytes + at + 4 * i, get32(each->bytes + at + 4 * i) + byMs);
        continue;
      }
      uint8_t *time = each->bytes + at + 8 * i;
      uint64_t moved = ((uint64_t)get32(time) << 32 | get32(time + 4)) + byMs;
      put32(time, moved >> 32);
      put32(time + 4, (uint32_t)moved);
    }
  }
}

/* What changes in a header from one sending to the next: when, and the sequence number. */
static void setHeader(uint8_t *bytes, int version, uint32_t sequence, double elapsed, double ahead) {
  double now = nowSeconds(CLOCK_REALTIME) + ahead;
  uint32_t seconds = (uint32_t)now;
  if (version == 10) {
    put32(bytes + 4, seconds);
    put32(bytes + 8, sequence);
    return;
  }
  put32(bytes + 4, UPTIME_MS + (uint32_t)(elapsed * 1000));
  put32(bytes + 8, seconds);
  if (version == 5) put32(bytes + 12, (uint32_t)((now - seconds) * 1e9));
  put32(bytes + (version == 5 ? 16 : 12), sequence);
}

static struct datagram *readDatagrams(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(2);
  size_t room = 1 << 16;
  struct datagram *all = malloc(room * sizeof *all);
  uint8_t size[2];
  for (*count = 0; fread(size, 1, 2, file) == 2; ++*count) {
    if (*count == room) all = realloc(all, (room *= 2) * sizeof *all);
    struct datagram *each = &all[*count];
    each->length = size[0] | size[1] << 8;
    each->movedMs = 0;
    each->bytes = malloc(each->length);
    if (fread(each->bytes, 1, each->length, file) != each->length) exit(2);
  }
  fclose(file);
  return all;
}

/* A socket of an exporter, which has an address of its own from 127.0.0.1 on. */
static int openExporter(int port, int index) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001u + index)};
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000001u)};
  if (bind(fd, (void *)&own, sizeof own) || connect(fd, (void *)&peer, sizeof peer)) exit(3);
  return fd;
}

/* All messages, again where the kernel refuses some; gives how often it did. */
static int sendAll(int fd, struct mmsghdr *messages, int count) {
  int refused = 0;
  for (int sent = 0; sent < count;) {
    int now = sendmmsg(fd, messages + sent, count - sent, 0);
    if (now > 0) sent += now;
    else if (errno == ECONNREFUSED || errno == ENOBUFS || errno == EINTR) refused++;
    else exit(4);
  }
  return refused;
}

/* Datagrams that should be out after so long. */
static double dueAt(double seconds, double rate, double ramp) {
  return rate * (seconds >= ramp ? seconds - ramp / 2 : seconds * seconds / (2 * ramp));
}

int main(int argc, char **argv) {
  if (argc != 9) return 1;
  size_t count;
  struct datagram *all = readDatagrams(argv[1], &count);
  int version = atoi(argv[3]), exporters = atoi(argv[7]);
  double rate = atof(argv[4]), lasts = atof(argv[5]), ramp = atof(argv[6]), ahead = atof(argv[8]);
  /* v9 counts datagrams; v5 and IPFIX count flows, 30 and 18 a datagram. */
  uint32_t step = version == 9 ? 1 : version == 5 ? 30 : 18;
  int *sockets = malloc(exporters * sizeof *sockets);
  uint32_t *sequences = calloc(exporters, sizeof *sequences);
  for (int i = 0; i < exporters; i++) sockets[i] = openExporter(atoi(argv[2]), i);
  struct mmsghdr messages[BURST_MOST];
  struct iovec pieces[BURST_MOST];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < BURST_MOST; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};

  puts("ready");
  fflush(stdout);
  getchar();

  uint64_t due = dueAt(ramp + lasts, rate, ramp), sent = 0;
  long refused = 0;
  double start = nowSeconds(CLOCK_MONOTONIC), before = 0, paused = 0;
  while (sent < due) {
    double elapsed = nowSeconds(CLOCK_MONOTONIC) - start;
    if (elapsed - before > PAUSE_MOST) paused += elapsed - before - PAUSE_MOST;
    before = elapsed;
    uint64_t until = dueAt(elapsed - paused, rate, ramp) + 1;
    if (until > due) until = due;
    if (until > sent + BURST_MOST) until = sent + BURST_MOST;
    /* The datagrams of an exporter together; which of them is whose goes round. */
    for (int e = 0; e < exporters && (uint64_t)e < until - sent; e++) {
      int mine = 0;
      uint64_t at = sent + e;
      int who = at % exporters;
      for (; at < until; at += exporters) {
        struct datagram *each = &all[at % count];
        setHeader(each->bytes, version, sequences[who], elapsed, ahead);
        moveTimes(each, version, elapsed);
        sequences[who] += step;
        pieces[mine++] = (struct iovec){each->bytes, each->length};
      }
      refused += sendAll(sockets[who], messages, mine);
    }
    sent = until;
    if (sent >= dueAt(nowSeconds(CLOCK_MONOTONIC) - start - paused, rate, ramp)) usleep(500);
  }
  /* The ramp counts as half as long, so that the rate is that of the time after it. */
  double took = nowSeconds(CLOCK_MONOTONIC) - start - ramp / 2;
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf("{\"datagrams\":%llu,\"seconds\":%f,\"cpuSeconds\":%f,\"refused\":%ld}\n", (unsigned long long)sent, took, cpu, refused);
  return 0;
}
