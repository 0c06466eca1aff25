// Numbers as hosts have them, always the same: 20 a host, in the order of time or of series.
//   numbers lines|openmetrics SERIES POINTS STEP FIRST_SECOND >FILE
// lines is Graphite's plaintext, all series of a time together; openmetrics is what promtool reads, a series after the other.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 20, PAGE = 4096 };

static const char *names[KINDS] = {
    "cpu_user", "cpu_system", "cpu_iowait", "cpu_idle", "cpu_steal", "cpu_nice", "load1", "load5", "mem_used_bytes", "mem_cached_bytes",
    "disk_used_bytes", "net_rx_bytes_total", "net_tx_bytes_total", "disk_read_bytes_total", "disk_written_bytes_total",
    "net_rx_packets_total", "ctx_switches_total", "temp_celsius", "mem_total_bytes", "net_rx_errs_total" };

typedef struct {
    uint64_t random;
    int kind;
    double size, phase;   // how large this host is, and when its day begins
    double drift, total;
} Series;

static double uniform(Series *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (s->random >> 11) * 0x1p-53;
}

// nearly a normal distribution: six uniform ones
static double noise(Series *s)
{
    double sum = 0;
    for (int i = 0; i < 6; i++) sum += uniform(s);
    return (sum - 3) * 1.414;
}

static Series series(int id)
{
    Series s = { .random = 88172645463325252ull ^ id * 0x9E3779B97F4A7C15ull, .kind = id % KINDS };
    for (int i = 0; i < 9; i++) uniform(&s);
    s.size = 0.3 + 2 * uniform(&s);
    s.phase = uniform(&s);
    if (s.kind >= 11 && s.kind <= 16) s.total = floor(uniform(&s) * 1e10);
    return s;
}

// CPU in percent: what the hour brings, and what remains of the moments before
static double cpu(Series *s, double day)
{
    static const double usual[6] = { 15, 5, 0.6, 80, 0.6, 0.6 };
    s->drift = 0.9 * s->drift + noise(s) * 2 * s->size;
    double value = usual[s->kind] * (0.5 + day) + s->drift * (s->kind == 2 || s->kind >= 4 ? 0.15 : 1);
    return fmin(100, fmax(0, value));
}

// a counter of bytes: more by day, seldom a burst; a disk that mostly is not read
static double bytes(Series *s, double day, int step)
{
    double rate = (20000 + 180000 * day) * s->size * step * exp(0.4 * noise(s));
    if (uniform(s) < 0.01) rate *= 15;
    if (s->kind == 13 && uniform(s) < 0.6) rate = 0;
    return s->total += floor(rate);
}

static void value(Series *s, int point, int step, char *text)
{
    double day = 0.5 + 0.5 * sin(2 * M_PI * point * step / 86400 + s->phase * 6);
    switch (s->kind) {
    case 0 ... 5:
        sprintf(text, "%.2f", cpu(s, day));
        break;
    case 6 ... 7: {
        double wish = (0.4 + 1.2 * day) * s->size + fabs(noise(s)) * 0.3;
        s->drift += (wish - s->drift) * (s->kind == 6 ? 0.15 : 0.03);
        sprintf(text, "%.2f", s->drift);
        break;
    }
    case 8 ... 9:
        s->drift += noise(s) * 300 * s->size;
        sprintf(text, "%.0f", floor(fmax(1000, 400000 + 300000 * s->phase + 100000 * day + s->drift)) * PAGE);
        break;
    case 10:
        if (uniform(s) < 0.3) s->drift += floor(uniform(s) * 40 * s->size);
        sprintf(text, "%.0f", floor(20000000 * s->phase + s->drift) * PAGE);
        break;
    case 11 ... 14:
        sprintf(text, "%.0f", bytes(s, day, step));
        break;
    case 15 ... 16:
        s->total += floor((150 + 900 * day) * s->size * step * exp(0.15 * noise(s)));
        sprintf(text, "%.0f", s->total);
        break;
    case 17:
        if (uniform(s) < 0.05) s->drift += uniform(s) < 0.5 ? -0.5 : 0.5;
        sprintf(text, "%.1f", 45 + s->drift);
        break;
    case 18:
        sprintf(text, "%.0f", floor(s->phase * 16 + 1) * (1 << 30));
        break;
    default:
        strcpy(text, "0");
    }
}

int main(int count, char **args)
{
    if (count != 6) return 2;
    int all = atoi(args[2]), points = atoi(args[3]), step = atoi(args[4]);
    long long first = atoll(args[5]);
    char text[64];
    if (!strcmp(args[1], "openmetrics")) {
        for (int kind = 0; kind < KINDS; kind++)
            for (int id = kind; id < all; id += KINDS) {
                Series s = series(id);
                for (int i = 0; i < points; i++) {
                    value(&s, i, step, text);
                    printf("%s{host=\"h%02d\"} %s %lld\n", names[kind], id / KINDS, text, first + (long long)i * step);
                }
            }
        printf("# EOF\n");
        return 0;
    }
    Series *kept = malloc(sizeof *kept * all);
    for (int id = 0; id < all; id++) kept[id] = series(id);
    for (int i = 0; i < points; i++)
        for (int id = 0; id < all; id++) {
            value(&kept[id], i, step, text);
            printf("hosts.h%02d.%s %s %lld\n", id / KINDS, names[id % KINDS], text, first + (long long)i * step);
        }
    return 0;
}
