"""Pure decisions: numbers in, numbers out.

No socket, no clock and no thread lives here; time is an argument, in POSIX seconds.
Signs are the house's: ``grid_w`` > 0 imports, ``ev_w`` > 0 charges, ``solar_w`` and ``load_w`` ≥ 0, and
``grid_w = load_w + ev_w − solar_w``.

The rooms, and what others call:

``model``        the home, the homeowner's wishes, what is measured, what is commanded: the types everybody speaks.
``grid_events``  one form for whatever the grid asks.
``asks``         events folded: ``asks_at(events, now_s)``, ``asks_by_step(events, edges_s)``.
``links``        the fail-safe rule of a link that goes silent: ``start(now_s)``, ``heard(rule, state, now_s)``,
                 ``limit_written(...)``, ``tick(...)``, ``next_timer(rule, state)``, ``is_limited(state)``.
``limits``       ``gather(connection=, charger=, ev_state=, wishes=, events=, links=, now_s=) -> Limits``.
``horizon``      ``make_edges(now_s, hours=36, step_s=300, fine_hours=12, coarse_step_s=900)``.
``forecast``     ``forecast_load(history, edges_s, now_s=, tz=, weather=)`` and
                 ``forecast_solar(history, edges_s, now_s=, site=, tz=, weather=)`` with
                 ``History(at_s, mean_w)`` or None; both give ``Forecast``, with its scores beside simple averages.
                 ``make_scenarios(load, solar, edges_s, count=) -> tuple[Scenario, ...]``;
                 ``learn_presence(stays, now_s=, tz=, capacity_wh=) -> Presence``;
                 ``with_habits(wishes, presence, tz)``.
``tariffs``      ``make_tariff(kind, options).prices(edges_s) -> Prices``; ``parse_prices(csv_text)``.
``plan``         ``Planner().solve(PlanInput(...)) -> Plan``; ``plan.at(now_s) -> Step | None``; ``plan.missed``.
``dispatch``     ``dispatch(state, readings=, ev_state=, plan=, limits=, wishes=, now_s=, config=)
                 -> (SetPoint, DispatchState)`` for one charger; ``dispatch_site(state, readings=, cars=, batteries=,
                 loads=, curtailable_w=, plan=, now_s=, config=) -> (SiteCommand, SiteState)`` for a home.
``frequency``    ``CURVES``, ``response_w(curve, frequency_hz, power_w)``, ``can_serve(curve, ...)``.
``accounts``     ``split_paths``, ``bill_eur``, ``Shadow`` and ``shadow_step``, ``saving``, ``limit_delivery``,
                 ``setpoint_delivery``.
``service_account``  ``counted(ServiceAccount(...), Moment(...)) -> ServiceAccount``: what settles an event.
``twin``         the demo home: ``CarTwin``, ``PowerStage``, ``HouseSeries``, ``GridTwin``, ``HomeTwin``,
                 ``synthetic_house``.
``pilot``        forecasts, plan and dispatch joined as the engine joins them: ``Pilot.make_plan``, ``Pilot.act``.
``simulate``     a home lived through in one process, for tests and benchmarks: ``live(twin, scene, planner, ...)``.
``backtest``     the honest year: a home replayed by the minute, beside timers, rules and perfect foresight.
"""
