"""The demo home: everything around the engine, simulated, each thing behind its real protocol on loopback.

``household`` reads the data, ``script`` says what happens when, ``world`` is the physics, ``actors`` puts devices, car,
utility and backend before it, ``home_file`` writes the home. Two ways to run it: ``lockstep`` (headless, audited by
``audit``, reported by ``report``) and ``live`` (processes of their own, the world's being ``twin``).
"""
