#include <perlipc.h>
#include <stdio.h>

int main(void) {
    char name[64], sixth[64];
    ipc_addr_service_name(80, "tcp", name, sizeof name);
    ipc_addr_protocol_name(6, sixth, sizeof sixth);
    printf("%d %d %s %d %d %s\n", ipc_addr_service("time", "tcp"), ipc_addr_service("domain", "udp"), name,
           ipc_addr_protocol("tcp"), ipc_addr_protocol("udp"), sixth);
    int port = ipc_addr_service("http", "tcp");
    ipc_addr_service_name(port, "tcp", name, sizeof name);
    printf("%s %d tcp\n", name, port);
    printf("%d%d%d%d\n", ipc_addr_service("nosuchsvc", "tcp") >= 0, ipc_addr_service("nosuchsvc", NULL) >= 0,
           ipc_addr_service("HTTP", "tcp") >= 0, ipc_addr_service("time", "xxx") >= 0);
    int number = ipc_addr_protocol("TCP");
    ipc_addr_protocol_name(number, name, sizeof name);
    printf("%s TCP %d\n", name, number);
    return 0;
}
