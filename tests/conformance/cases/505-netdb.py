import perlipc as ipc


def known(call, *args):
    try:
        call(*args)
        return 1
    except FileNotFoundError:
        return 0


print(ipc.service_port("time", "tcp"), ipc.service_port("domain", "udp"), ipc.service_name(80, "tcp"),
      ipc.protocol_number("tcp"), ipc.protocol_number("udp"), ipc.protocol_name(6))
name, protocol = "http", "tcp"
port = ipc.service_port(name, protocol)
print(ipc.service_name(port, protocol), port, protocol)
print(known(ipc.service_port, "nosuchsvc", "tcp"), known(ipc.service_name, 65535, "tcp"),
      known(ipc.service_port, "HTTP", "tcp"), known(ipc.service_port, "time", "xxx"), sep="")
alias = "TCP"
number = ipc.protocol_number(alias)
print(ipc.protocol_name(number), alias, number)
