"""Pure decisions: numbers in, numbers out.

No socket, no clock and no thread lives here; time is an argument, in POSIX seconds.
Signs are the house's: ``grid_w`` > 0 imports, ``ev_w`` > 0 charges, ``solar_w`` and ``load_w`` ≥ 0, and
``grid_w = load_w + ev_w − solar_w``.
"""
