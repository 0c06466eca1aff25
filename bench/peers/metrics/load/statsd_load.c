// Sends statsd lines over UDP to 127.0.0.1 at a steady rate, and says how many: one JSON object.
//   statsd_load PORT RATE SECONDS LINES_A_DATAGRAM NAMES
// Of ten names six are counters, two gauges, one a timer, one a set. RATE is of lines. At most two minutes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, LARGEST = 65000, MAX_LINES = 200000, MAX_SECONDS = 120 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static struct iovec datagram(int first, int lines, int names)
{
    static const char *kinds[10] = { "c", "c", "c", "c", "c", "c", "g", "g", "ms", "s" };
    static unsigned seed = 12345;
    char *text = malloc(LARGEST);
    int length = 0;
    for (int i = 0; i < lines && length < LARGEST - 100; i++) {
        int id = (first + i) % names;
        seed = seed * 1103515245u + 12345u;
        unsigned value = id % 10 < 6 ? 1 : (seed >> 16) % 1000;
        length += sprintf(text + length, "%sbench.host%d.app.metric%d:%u|%s", i ? "\n" : "", id % 10, id, value, kinds[id % 10]);
    }
    return (struct iovec){ text, length };
}

int main(int count, char **args)
{
    if (count != 6) return 2;
    int port = atoi(args[1]), lines = atoi(args[4]), names = atoi(args[5]);
    double rate = atof(args[2]) / lines, seconds = atof(args[3]);
    if (seconds > MAX_SECONDS || lines < 1 || names < 1 || rate <= 0) return 2;

    int socket_ = socket(AF_INET, SOCK_DGRAM, 0), buffer = 4 << 20;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    if (connect(socket_, (void *)&to, sizeof to)) return perror("connect"), 1;

    // as many datagrams as bring every name equally often
    int pool = names < MAX_LINES / lines ? names : MAX_LINES / lines;
    struct iovec *made = malloc(sizeof *made * pool);
    for (int i = 0; i < pool; i++) made[i] = datagram(i * lines, lines, names);

    struct mmsghdr batch[BATCH] = { 0 };
    long long sent = 0, refused = 0;
    int next = 0;
    double begin = now(), passed;
    while ((passed = now() - begin) < seconds) {
        long long due = (long long)(passed * rate) - sent;
        if (due <= 0) {
            nanosleep(&(struct timespec){ 0, 200000 }, 0);
            continue;
        }
        if (due > BATCH) due = BATCH;
        for (int i = 0; i < due; i++) {
            batch[i].msg_hdr.msg_iov = &made[(next + i) % pool];
            batch[i].msg_hdr.msg_iovlen = 1;
        }
        int done = sendmmsg(socket_, batch, due, 0);
        if (done < 0) {
            if (errno != ECONNREFUSED && errno != EAGAIN && errno != ENOBUFS) return perror("sendmmsg"), 1;
            refused++;
            continue;
        }
        sent += done;
        next = (next + done) % pool;
    }
    printf("{\"datagrams\": %lld, \"metrics\": %lld, \"seconds\": %.3f, \"refused\": %lld}\n", sent, sent * lines, passed, refused);
    return 0;
}
