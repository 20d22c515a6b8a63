"""Passwords, keys and tokens: how they are made, checked and sealed.

Knows neither a database nor a user; what is stored goes in and out as text. The modules are imported one by one,
since each needs a library that takes its time.
"""
