/* idle: a program that does nothing, to see what any C program holds of memory before it does something. */
#include <unistd.h>

int main(void)
{
    return pause();
}
