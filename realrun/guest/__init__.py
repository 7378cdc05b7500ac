"""The same image as a virtual machine: kernel, disk, monitor, and the small init inside."""
