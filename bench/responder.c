/*
 * A simulated switch as fast as one can be, so that a benchmark measures who asks: sysUpTime, ifTable (22 columns) and
 * ifXTable (19 columns) of RFC 2863, each variable encoded once. It answers GET, GETNEXT and GETBULK of SNMPv1 and v2c on
 * every address of 127.0.0.0/8, from the address that was asked: one process stands for thousands of switches.
 *
 * cc -O2 -o responder responder.c; ./responder PORT INTERFACES LARGEST_REPLY
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST_OBJECTS = 20000, MOST_ARCS = 64, MOST_ASKED = 128, MOST_BYTES = 65507 };
enum { INTEGER = 0x02, OCTETS = 0x04, OID = 0x06, COUNTER = 0x41, GAUGE = 0x42, TICKS = 0x43, COUNTER64 = 0x46 };
enum { GET = 0xa0, BULK = 0xa5, RESPONSE = 0xa2, NO_SUCH_INSTANCE = 0x81, END_OF_MIB_VIEW = 0x82 };

typedef struct {
  uint32_t arc[MOST_ARCS];
  int arcs;
} Name;

typedef struct {
  Name name;
  uint8_t varbind[128];
  int size;
} Object;

static Object objects[MOST_OBJECTS];
static int count;

static int size_of_length(int length) { return length < 128 ? 1 : length < 256 ? 2 : 3; }

static uint8_t *put_head(uint8_t *at, int tag, int length) {
  *at++ = tag;
  if (length >= 256) *at++ = 0x82, *at++ = length >> 8;
  else if (length >= 128) *at++ = 0x81;
  *at++ = length;
  return at;
}

static int put_name(uint8_t *out, const Name *name) {
  uint8_t *at = out;
  *at++ = name->arc[0] * 40 + name->arc[1];
  for (int i = 2; i < name->arcs; i++) {
    int shift = 28;
    while (shift > 0 && name->arc[i] >> shift == 0) shift -= 7;
    for (; shift > 0; shift -= 7) *at++ = 0x80 | ((name->arc[i] >> shift) & 0x7f);
    *at++ = name->arc[i] & 0x7f;
  }
  return at - out;
}

static int put_varbind(uint8_t *out, const Name *name, int tag, const void *value, int length) {
  uint8_t bytes[5 * MOST_ARCS];
  int named = put_name(bytes, name);
  int size = 1 + size_of_length(named) + named + 1 + size_of_length(length) + length;
  uint8_t *at = put_head(out, 0x30, size);
  at = put_head(at, OID, named);
  memcpy(at, bytes, named);
  at = put_head(at + named, tag, length);
  memcpy(at, value, length);
  return at + length - out;
}

static void add(const char *dotted, int tag, const void *value, int length) {
  Object *object = &objects[count++];
  char text[160];
  snprintf(text, sizeof text, "%s", dotted);
  for (char *part = strtok(text, "."); part; part = strtok(NULL, "."))
    object->name.arc[object->name.arcs++] = strtoul(part, NULL, 10);
  object->size = put_varbind(object->varbind, &object->name, tag, value, length);
}

static void add_number(const char *dotted, int tag, uint64_t number) {
  uint8_t bytes[9];
  int length = 0;
  do length++;
  while (length < 9 && number >> (8 * length - 1));
  for (int i = 0; i < length; i++) bytes[i] = length - 1 - i == 8 ? 0 : number >> (8 * (length - 1 - i));
  add(dotted, tag, bytes, length);
}

static void add_text(const char *dotted, const char *text) { add(dotted, OCTETS, text, strlen(text)); }

static void add_interface(int column, int port) {
  char name[64], text[64];
  snprintf(name, sizeof name, "1.3.6.1.2.1.2.2.1.%d.%d", column, port);
  switch (column) {
    case 1: add_number(name, INTEGER, port); break;
    case 2: snprintf(text, sizeof text, "GigabitEthernet1/0/%d", port), add_text(name, text); break;
    case 3: add_number(name, INTEGER, 6); break;
    case 4: add_number(name, INTEGER, 1500); break;
    case 5: add_number(name, GAUGE, 1000000000); break;
    case 6: add(name, OCTETS, (uint8_t[]){0, 0x1b, 0x54, 0xaa, 0, port}, 6); break;
    case 7: case 8: add_number(name, INTEGER, 1); break;
    case 9: add_number(name, TICKS, 4000000 + port); break;
    case 13: case 14: case 15: case 19: case 20: add_number(name, COUNTER, port); break;
    case 21: add_number(name, GAUGE, 0); break;
    case 22: add(name, OID, (uint8_t[]){0}, 1); break;
    default: add_number(name, COUNTER, 1000000000u + column * 1234567u + port * 7919u);
  }
}

static void add_extended(int column, int port) {
  char name[64], text[64];
  snprintf(name, sizeof name, "1.3.6.1.2.1.31.1.1.1.%d.%d", column, port);
  switch (column) {
    case 1: snprintf(text, sizeof text, "Gi1/0/%d", port), add_text(name, text); break;
    case 14: case 16: case 17: add_number(name, INTEGER, 1); break;
    case 15: add_number(name, GAUGE, 1000); break;
    case 18: snprintf(text, sizeof text, "building 2, room %d", port), add_text(name, text); break;
    case 19: add_number(name, TICKS, 0); break;
    default:
      if (column >= 6 && column <= 13) add_number(name, COUNTER64, 123456789012345ull + column * 987654321ull + port);
      else add_number(name, COUNTER, 500000000u + column * 1234u + port);
  }
}

static int compare(const Name *a, const Name *b) {
  for (int i = 0; i < a->arcs && i < b->arcs; i++)
    if (a->arc[i] != b->arc[i]) return a->arc[i] < b->arc[i] ? -1 : 1;
  return a->arcs - b->arcs;
}

/* The first object behind a name. */
static int behind(const Name *name) {
  int low = 0, high = count;
  while (low < high) {
    int middle = (low + high) / 2;
    if (compare(&objects[middle].name, name) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

typedef struct {
  const uint8_t *at, *end;
} Reader;

/* Steps into an element; its tag, or -1. */
static int element(Reader *reader, int *length) {
  if (reader->end - reader->at < 2) return -1;
  int tag = *reader->at++, size = *reader->at++;
  if (size & 0x80) {
    int bytes = size & 0x7f;
    for (size = 0; bytes > 0 && reader->at < reader->end; bytes--) size = size << 8 | *reader->at++;
  }
  if (size < 0 || size > reader->end - reader->at) return -1;
  *length = size;
  return tag;
}

static long number(Reader *reader) {
  int length;
  if (element(reader, &length) != INTEGER || length < 1) return -1;
  long value = (int8_t)*reader->at++;
  while (--length > 0) value = value << 8 | *reader->at++;
  return value;
}

static int names(Reader *reader, Name *asked) {
  int found = 0, length;
  while (found < MOST_ASKED && element(reader, &length) == 0x30) {
    const uint8_t *next = reader->at + length;
    if (element(reader, &length) != OID || length < 1) break;
    Name *name = &asked[found++];
    const uint8_t *end = reader->at + length;
    name->arc[0] = *reader->at / 40, name->arc[1] = *reader->at++ % 40, name->arcs = 2;
    while (reader->at < end && name->arcs < MOST_ARCS) {
      uint32_t arc = 0;
      do arc = arc << 7 | (*reader->at & 0x7f);
      while (*reader->at++ & 0x80 && reader->at < end);
      name->arc[name->arcs++] = arc;
    }
    reader->at = next;
  }
  return found;
}

/* The variables of a reply, cut where it is full. */
static int variables(uint8_t *out, int room, int pdu, long repetitions, const Name *asked, int found) {
  int place[MOST_ASKED], size = 0;
  for (int i = 0; i < found; i++) {
    place[i] = behind(&asked[i]);
    if (pdu != GET) continue;
    int is_there = place[i] > 0 && compare(&objects[place[i] - 1].name, &asked[i]) == 0;
    place[i] = is_there ? place[i] - 1 : count;
  }
  for (long round = 0; round < repetitions; round++) {
    int left = 0;
    for (int i = 0; i < found; i++) {
      uint8_t none[5 * MOST_ARCS];
      const Object *object = place[i] < count ? &objects[place[i]++] : NULL;
      int length = object ? object->size
                          : put_varbind(none, &asked[i], pdu == GET ? NO_SUCH_INSTANCE : END_OF_MIB_VIEW, "", 0);
      if (size + length > room) return size;
      memcpy(out + size, object ? object->varbind : none, length);
      size += length;
      if (object) left++;
    }
    if (left == 0) break;
  }
  return size;
}

/* Answers one message; the size of the reply, 0 for none. */
static int answer(const uint8_t *message, int size, uint8_t *out, int largest) {
  static uint8_t list[MOST_BYTES];
  static Name asked[MOST_ASKED];
  Reader reader = {message, message + size};
  int length, named;
  if (element(&reader, &length) != 0x30) return 0;
  long version = number(&reader);
  if ((version != 0 && version != 1) || element(&reader, &named) != OCTETS) return 0;
  const uint8_t *community = reader.at;
  reader.at += named;
  int pdu = element(&reader, &length);
  if (pdu < GET || pdu > BULK) return 0;
  long id = number(&reader);
  number(&reader);
  long repetitions = number(&reader);
  if (element(&reader, &length) != 0x30) return 0;
  int found = names(&reader, asked);
  int room = largest - 40 - named;
  int listed = variables(list, room, pdu, pdu == BULK ? repetitions : 1, asked, found);
  int body = 6 + 3 + 3 + 1 + size_of_length(listed) + listed;
  int inner = 3 + 1 + size_of_length(named) + named + 1 + size_of_length(body) + body;
  uint8_t *at = put_head(out, 0x30, inner);
  at = put_head(at, INTEGER, 1), *at++ = version;
  at = put_head(at, OCTETS, named), memcpy(at, community, named), at += named;
  at = put_head(at, RESPONSE, body);
  at = put_head(at, INTEGER, 4);
  *at++ = id >> 24, *at++ = id >> 16, *at++ = id >> 8, *at++ = id;
  memcpy(at, "\x02\x01\x00\x02\x01\x00", 6), at += 6;
  at = put_head(at, 0x30, listed), memcpy(at, list, listed);
  return at + listed - out;
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: responder PORT INTERFACES LARGEST_REPLY\n"), 2;
  int interfaces = atoi(argv[2]), largest = atoi(argv[3]);
  if (interfaces < 1 || 41 * interfaces + 1 > MOST_OBJECTS || largest > MOST_BYTES) return 2;
  add_number("1.3.6.1.2.1.1.3.0", TICKS, 123456789);
  for (int column = 1; column <= 22; column++)
    for (int port = 1; port <= interfaces; port++) add_interface(column, port);
  for (int column = 1; column <= 19; column++)
    for (int port = 1; port <= interfaces; port++) add_extended(column, port);

  int wire = socket(AF_INET, SOCK_DGRAM, 0), on = 1, room = 16 << 20;
  setsockopt(wire, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  setsockopt(wire, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = INADDR_ANY};
  if (bind(wire, (struct sockaddr *)&here, sizeof here)) return perror("bind"), 1;
  printf("ready\n"), fflush(stdout);

  static uint8_t in[MOST_BYTES], out[MOST_BYTES + 64];
  for (;;) {
    struct sockaddr_in from;
    /* What came with the message says which address was asked; handed back, the reply comes from there. */
    char control[CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct iovec part = {in, sizeof in};
    struct msghdr message = {&from, sizeof from, &part, 1, control, sizeof control, 0};
    ssize_t size = recvmsg(wire, &message, 0);
    if (size <= 0 || (ntohl(from.sin_addr.s_addr) >> 24) != 127) continue;
    part = (struct iovec){out, answer(in, size, out, largest)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_type == IP_PKTINFO) ((struct in_pktinfo *)CMSG_DATA(head))->ipi_ifindex = 0;
    if (part.iov_len > 0) sendmsg(wire, &message, 0);
  }
}
