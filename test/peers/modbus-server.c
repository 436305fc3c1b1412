/* A Modbus server by libmodbus, for the tests: `tcp` on a free port of 127.0.0.1, or `rtu` on a pseudo terminal. Prints
 * the port or the path to connect to; then a line for each request that is no read. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <modbus.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static uint16_t swapped(uint16_t word)
{
	return word << 8 | word >> 8;
}

static modbus_mapping_t *mapping(void)
{
	modbus_mapping_t *map = modbus_mapping_new(100, 100, 200, 200);
	if (map == NULL)
		exit(1);
	for (int i = 0; i < 100; i++) {
		map->tab_bits[i] = i % 3 == 0;
		map->tab_input_bits[i] = i % 2;
		map->tab_registers[i] = i;
		map->tab_input_registers[i] = 1000 + i;
	}
	/* By hand: what libmodbus 3.1.6 calls abcd is not what meters' manuals call so. */
	union {
		float number;
		uint32_t bits;
	} value = { 230.1f };
	uint16_t high = value.bits >> 16, low = value.bits & 0xffff;
	uint16_t in_order[] = { high, low, low, high, swapped(high), swapped(low), swapped(low), swapped(high) };
	memcpy(map->tab_registers + 100, in_order, sizeof in_order);
	map->tab_registers[110] = (uint16_t)-290;
	return map;
}

static void serve(modbus_t *context, const uint8_t *request, int length, modbus_mapping_t *map)
{
	int code = request[modbus_get_header_length(context)];
	if (code < 1 || code > 4)
		printf("function code %d\n", code);
	modbus_reply(context, request, length, map);
}

static int tcp(modbus_mapping_t *map)
{
	uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
	struct sockaddr_in bound;
	socklen_t size = sizeof bound;
	fd_set known, ready;
	modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
	int server = context == NULL ? -1 : modbus_tcp_listen(context, 8);

	if (server < 0 || getsockname(server, (struct sockaddr *)&bound, &size) < 0)
		return 1;
	printf("%d\n", ntohs(bound.sin_port));
	FD_ZERO(&known);
	FD_SET(server, &known);
	for (int most = server;;) {
		ready = known;
		if (select(most + 1, &ready, NULL, NULL, NULL) < 0)
			return 1;
		for (int fd = 0; fd <= most; fd++) {
			if (!FD_ISSET(fd, &ready))
				continue;
			if (fd == server) {
				int client = accept(server, NULL, NULL);
				if (client < 0)
					continue;
				FD_SET(client, &known);
				most = client > most ? client : most;
				continue;
			}
			modbus_set_socket(context, fd);
			int length = modbus_receive(context, request);
			if (length > 0) {
				serve(context, request, length, map);
			} else if (length < 0) {
				close(fd);
				FD_CLR(fd, &known);
			}
		}
	}
}

/* A pseudo terminal without echo; returns its master and writes the other end's path. */
static int terminal(char *path, size_t size)
{
	struct termios raw;
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, path, size) != 0)
		exit(1);
	/* Kept open: a master whose other end was closed reads as broken. */
	int other = open(path, O_RDWR | O_NOCTTY);
	if (other < 0 || tcgetattr(other, &raw) < 0)
		exit(1);
	cfmakeraw(&raw);
	if (tcsetattr(other, TCSANOW, &raw) < 0)
		exit(1);
	return master;
}

struct bridge {
	int from, to;
};

/* The cable between the two terminals, one direction. */
static void *carry(void *argument)
{
	struct bridge *bridge = argument;
	char bytes[256];

	for (;;) {
		ssize_t length = read(bridge->from, bytes, sizeof bytes);
		if (length <= 0 || write(bridge->to, bytes, length) != length)
			exit(1);
	}
}

static int rtu(modbus_mapping_t *map)
{
	uint8_t request[MODBUS_RTU_MAX_ADU_LENGTH];
	char ours[64], theirs[64];
	pthread_t there, back;
	int here = terminal(ours, sizeof ours);
	int far = terminal(theirs, sizeof theirs);
	struct bridge out = { here, far }, in = { far, here };
	modbus_t *context = modbus_new_rtu(ours, 19200, 'E', 8, 1);

	if (context == NULL || modbus_set_slave(context, 1) < 0 || modbus_connect(context) < 0)
		return 1;
	/* Behind a request for another unit libmodbus takes whatever comes within this time (500 ms by default) for that
	 * unit's answer, and drops it: here no other unit ever answers, so the next thing that comes is a request. */
	modbus_set_response_timeout(context, 0, 1);
	pthread_create(&there, NULL, carry, &out);
	pthread_create(&back, NULL, carry, &in);
	printf("%s\n", theirs);
	for (;;) {
		int length = modbus_receive(context, request);
		if (length > 0)
			serve(context, request, length, map);
	}
}

int main(int count, char **arguments)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (count == 2 && strcmp(arguments[1], "tcp") == 0)
		return tcp(mapping());
	if (count == 2 && strcmp(arguments[1], "rtu") == 0)
		return rtu(mapping());
	fprintf(stderr, "usage: %s tcp|rtu\n", arguments[0]);
	return 2;
}
