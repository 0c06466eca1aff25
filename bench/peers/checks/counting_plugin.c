/* A monitoring plugin that counts its own runs: appends one byte to FILE and says OK with performance data.
   Executions = size of FILE, whoever runs it. */
#include <fcntl.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    static const char text[] = "OK: counted|runs=1\n";
    int file = count > 1 ? open(arguments[1], O_WRONLY | O_APPEND) : -1;
    if (file >= 0 && write(file, "x", 1) != 1) return 3;
    return write(1, text, sizeof text - 1) == (ssize_t)(sizeof text - 1) ? 0 : 3;
}
