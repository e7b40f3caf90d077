"""The honest year: a home replayed by the minute, and scored beside what others would have done.

``data``       a house and its prices from CSV text, checked and aligned: ``parse_house``, ``parse_market``.
``minutes``    the seeded model of what happens inside a file's intervals.
``home``       the home that is replayed; ``trips_of``, ``departures_of``.
``world``      ``Course`` (the same for all) and ``World`` (one strategy's life, a minute a step).
``simple``     on arrival, a timer, the best simple rule.
``ours``       Twoway: forecasts, planner, dispatch.
``foresight``  the least that it can cost, and a course that does.
``score``      money, energy, promises of a life that was lived.
"""
