"""The manual's bidirectional mistake, and the message that says what was meant."""

import perlipc as ipc

try:
    ipc.open("| some program |")
except ValueError as error:
    print(error)
