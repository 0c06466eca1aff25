// HTTP/1.1 on kept connections, each with one request under way; one thread. The same client for every server that is measured.
//
//   http_load -a 127.0.0.1:2379,127.0.0.1:2389 -c 32 -t 4 -n 400000 -m POST -u /v3/kv/put -b '{"key":"%B","value":"%V"}' -k 10000 -v 136 [-H 'X: y'] [-s]
//
// %K a key, "key/000123", at random of -k keys, with -s one after the other; %B the same in base64; %V a value of -v bytes. Connections are spread over the
// addresses, which must be of loopback. An answer that is not 2xx counts as an error. Reads bodies with Content-Length and chunked ones. Prints one JSON object.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ADDRESSES = 16, MAX_CONNECTIONS = 1024, REQUEST = 16 * 1024, ANSWER = 64 * 1024, MAX_REQUESTS = 5000000, MAX_SECONDS = 300, EVENTS = 256 };
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct connection {
    int fd;
    char request[REQUEST], answer[ANSWER + 1];
    int length;            // of what came of the answer
    double began;
};

static struct sockaddr_in addresses[MAX_ADDRESSES];
static int address_count, keys = 10000, value_length = 100, is_sequential;
static const char *method = "GET", *target = "/", *body = "", *header = "";
static char value[REQUEST / 2];
static long long sent, done, errors;
static float *latencies;

static void fail(const char *what) { fprintf(stderr, "http_load: %s\n", what); exit(2); }

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static unsigned random_number(void)
{
    static unsigned long long state = 88172645463325252ULL;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (unsigned)(state >> 32);
}

static void encode(const char *from, char *to)
{
    for (size_t left = strlen(from); left > 0; left = left > 3 ? left - 3 : 0, from += 3, to += 4) {
        unsigned bits = (unsigned char)from[0] << 16 | (left > 1 ? (unsigned char)from[1] << 8 : 0) | (left > 2 ? (unsigned char)from[2] : 0);
        to[0] = base64[bits >> 18], to[1] = base64[bits >> 12 & 63];
        to[2] = left > 1 ? base64[bits >> 6 & 63] : '=', to[3] = left > 2 ? base64[bits & 63] : '=';
    }
    *to = 0;
}

static int expand(char *to, int room, const char *from, const char *key, const char *key64)
{
    char *at = to;
    for (; *from; from++) {
        const char *put = 0;
        if (*from == '%') put = from[1] == 'K' ? key : from[1] == 'B' ? key64 : from[1] == 'V' ? value : 0;
        int length = put ? (int)strlen(put) : 1;
        if (at - to + length >= room) fail("a request is too long");
        memcpy(at, put ? put : from, length);
        at += length, from += put != 0;
    }
    *at = 0;
    return (int)(at - to);
}

static int dial(int number)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in *to = &addresses[number % address_count];
    if (connect(fd, (struct sockaddr *)to, sizeof *to)) perror("http_load: connect"), exit(1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void ask(struct connection *c)
{
    char key[32], key64[64], path[REQUEST / 4], text[REQUEST / 2];
    snprintf(key, sizeof key, "key/%06lld", is_sequential ? sent % keys : random_number() % keys);
    encode(key, key64);
    expand(path, sizeof path, target, key, key64);
    int length = expand(text, sizeof text, body, key, key64);
    int size = snprintf(c->request, REQUEST, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s", method, path, header, *header ? "\r\n" : "");
    if (*body) size += snprintf(c->request + size, REQUEST - size, "Content-Length: %d\r\n", length);
    size += snprintf(c->request + size, REQUEST - size, "\r\n%s", text);
    c->length = 0, c->began = now(), sent++;
    // a new request on a connection without another one under way always fits the kernel's buffer
    if (write(c->fd, c->request, size) != size) perror("http_load: write"), exit(1);
}

// Length of the whole answer; 0 while it is not known or not there.
static int whole(struct connection *c)
{
    c->answer[c->length] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (!end) return 0;
    *end = 0;
    char *length = strcasestr(c->answer, "\r\ncontent-length:"), *chunked = strcasestr(c->answer, "\r\ntransfer-encoding: chunked");
    *end = '\r';
    int at = (int)(end + 4 - c->answer);
    if (length) return at + atoi(length + 17) <= c->length ? at + atoi(length + 17) : 0;
    if (!chunked) return at;
    while (at < c->length) {
        char *line = strstr(c->answer + at, "\r\n");
        if (!line) return 0;
        long size = strtol(c->answer + at, 0, 16);
        if (size < 0 || size > ANSWER) fail("a chunk is too long");
        at = (int)(line - c->answer) + 2 + (int)size + 2;
        if (at > c->length) return 0;
        if (size == 0) return at;
    }
    return 0;
}

static void take(struct connection *c, long long wanted)
{
    for (;;) {
        ssize_t count = read(c->fd, c->answer + c->length, ANSWER - c->length);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) fail(count == 0 ? "the server closed a connection, or an answer is too long" : strerror(errno));
        c->length += (int)count;
        if (!whole(c)) continue;
        latencies[done++] = (float)((now() - c->began) * 1e3);
        if (c->answer[9] != '2' && errors++ < 3) fprintf(stderr, "http_load: %.300s\n", c->answer);
        if (sent >= wanted) return;
        ask(c);
    }
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void read_addresses(char *list)
{
    for (char *one = strtok(list, ","); one; one = strtok(0, ",")) {
        char *port = strchr(one, ':');
        if (!port || address_count == MAX_ADDRESSES) fail("an address is HOST:PORT, and there are at most 16");
        *port++ = 0;
        struct sockaddr_in *a = &addresses[address_count++];
        a->sin_family = AF_INET, a->sin_port = htons(atoi(port));
        if (strncmp(one, "127.", 4) || inet_pton(AF_INET, one, &a->sin_addr) != 1) fail("loopback only");
    }
}

int main(int count, char **arguments)
{
    int connections = 8, option;
    long long wanted = 10000;
    double most = 30;
    while ((option = getopt(count, arguments, "a:c:t:n:m:u:b:k:v:H:s")) != -1) switch (option) {
        case 'a': read_addresses(optarg); break;
        case 'c': connections = atoi(optarg); break;
        case 't': most = atof(optarg); break;
        case 'n': wanted = atoll(optarg); break;
        case 'm': method = optarg; break;
        case 'u': target = optarg; break;
        case 'b': body = optarg; break;
        case 'k': keys = atoi(optarg); break;
        case 'v': value_length = atoi(optarg); break;
        case 'H': header = optarg; break;
        case 's': is_sequential = 1; break;
        default: return 2;
    }
    if (!address_count) fail("-a HOST:PORT is missing");
    if (wanted < 1 || wanted > MAX_REQUESTS || most <= 0 || most > MAX_SECONDS || keys < 1) fail("-n, -t or -k is out of bounds");
    if (connections < 1 || connections > MAX_CONNECTIONS || value_length < 0 || value_length >= (int)sizeof value) fail("-c or -v is out of bounds");
    if (connections > wanted) connections = (int)wanted;
    for (int i = 0; i < value_length; i++) value[i] = base64[random_number() % 62];
    latencies = malloc(sizeof *latencies * (wanted + connections));
    struct connection *all = calloc(connections, sizeof *all);
    int poll = epoll_create1(0);
    for (int i = 0; i < connections; i++) {
        all[i].fd = dial(i);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event);
    }
    double began = now();
    for (int i = 0; i < connections; i++) ask(&all[i]);
    while (done < wanted && now() - began < most) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(poll, events, EVENTS, 1000);
        for (int i = 0; i < ready; i++) take(events[i].data.ptr, wanted);
    }
    double took = now() - began;
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    if (!done) fail("no answer at all");
    qsort(latencies, done, sizeof *latencies, ascending);
    printf("{\"done\": %lld, \"errors\": %lld, \"seconds\": %.3f, \"ops\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"client_cpu_s\": %.3f}\n", done,
           errors, took, done / took, latencies[done / 2], latencies[done * 99 / 100], latencies[done - 1],
           use.ru_utime.tv_sec + use.ru_stime.tv_sec + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
    return 0;
}
