"""Which of its addresses a client sends from."""

import socket

FAMILIES = {None: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}
ANY_PORT = 9  # nothing is sent there


def addresses_of(host, version, port):
    """The addresses of a host, as (family, socket address), best first; none where it has none of this IP version."""
    try:
        found = socket.getaddrinfo(host, port, FAMILIES[version], socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return []
    return [(family, address) for family, _, _, _, address in found]


def leads_to(family, own, far):
    """Whether this host has the address `own`, and a route from there. A host's name may stand for a loopback
    address in its own /etc/hosts, which leads nowhere else."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind(own)
            probe.connect(far)
            return True
    except OSError:
        return False


def own_address(name, destination, version):
    """The address of this host by this name that leads to the destination, as text; None where there is none: a
    name may stand for what is translated on the way (NAT)."""
    far = addresses_of(destination, version, ANY_PORT)
    for family, own in addresses_of(name, version, 0):
        if any(leads_to(family, own, there) for other, there in far if other == family):
            return socket.getnameinfo(own, socket.NI_NUMERICHOST)[0]
    return None
