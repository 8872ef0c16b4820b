#pragma once

namespace udperf::test {

/// A pair of RSA keys made for the tests alone.
inline constexpr const char* kPrivateKey = R"(-----BEGIN PRIVATE KEY-----
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBALInX7BxsmzAtIg5
08kO2GifzOdLWd3xtTPZlmeUR3Oyky7dDPOrre/IQDLtttMCmpb8v/5SU6Pdi6cf
WRUPT9iFp2nS2Mh+HozQJaSaF3bJcWOvTINrApnp15OntqZqussfwR16Vd2FuWVe
4vEH89lt8KLqTWFgnfCj4NFU2NQPAgMBAAECgYBf0pHDY8Qmfpgb1Y62TAfWbm1V
0s+pcwKVuukNGVI9RsWnpTn8LlFF8Z2mRvnZEUN5BsV1024ta1JcN55Al5XH5+4z
TrgqNUdM8WrkLraJE9CbZCQJeLA0SJ20HcxUpi/6J8LyRwh/O40mNhyQAyG8vuI4
V57WNRoZyWQyogW6sQJBAOX5GHR6eujrwBcRyju+ScSpld1CuCuisJnweB+VzOFh
QzwyKmF4feqEqc80D8BhD2MakHjxHjPvmedOyiCo8XsCQQDGUPF7zKuilFFYCdVy
j8pr8CUq1Simw8Mxak4RNdlyE4/wAz/j1/ByjFkeDMDGds0AOeCyStV4EAa80UTf
6VF9AkB5KD2hB/H/CkzeGoo/5WV5zZpdwkvC+WgvAchXY5VX2+UPLqKzTUaRKilI
N3Zg9QGlRZZ9kRJHbGDZwuGsSTVHAkEAnE2NlnpgyFnHpvDRN2LXMq1qTdEFIjLm
tBrJ/syHXl7Gsm+NOoGmdFHjp0h747AcsNHtI/jROLjA5q61bxkQbQJBAKdCh9c5
xOMyCfSuIMklsgFGiZBD+9uWyBKh2fVpDbxsLFxonkCXPmC5oWVTF6agtVUMzYLu
JSi1x9srEm+v388=
-----END PRIVATE KEY-----
)";
inline constexpr const char* kPublicKey = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCyJ1+wcbJswLSIOdPJDthon8zn
S1nd8bUz2ZZnlEdzspMu3Qzzq63vyEAy7bbTApqW/L/+UlOj3YunH1kVD0/Yhadp
0tjIfh6M0CWkmhd2yXFjr0yDawKZ6deTp7amarrLH8EdelXdhbllXuLxB/PZbfCi
6k1hYJ3wo+DRVNjUDwIDAQAB
-----END PUBLIC KEY-----
)";

}  // namespace udperf::test
