/**
 * @file server/main.c
 * @brief zdd-server. Everything else stands in server/cli: serve.c wires the server together.
 */
#include "server/cli/cli.h"

int main(int argc, char **argv)
{
    return zdd_cli_main(argc, argv);
}
