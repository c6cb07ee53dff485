%% Two nodes over Erlang's distribution, by the procedure of `pairs/pair.ts`: window, credit, slices.
%% Prints lines of a name and numbers: `oneway Bytes Messages Nanoseconds SlowestPerSecond`, `trip Nanoseconds`.
-module(bench_remote).
-export([sink/0, source/1]).

-define(WINDOW, 16000).
-define(CREDIT_STEP, 2000).
-define(SLICES, 10).
-define(TRIPS_WARM_UP, 500).

sink() ->
    bench_orphan:end_with_parent(),
    register(sink, self()),
    io:format("ready~n"),
    take(0).

take(Taken) ->
    receive
        {take, From, _Body} ->
            case (Taken + 1) rem ?CREDIT_STEP of
                0 -> From ! {credit, ?CREDIT_STEP};
                _ -> ok
            end,
            take(Taken + 1);
        {ping, From, Body} -> From ! {pong, Body}, take(Taken)
    end.

source([SinkNode, WarmUpMs, SustainedMs, Trips]) ->
    bench_orphan:end_with_parent(),
    Node = list_to_atom(SinkNode),
    true = net_kernel:connect_node(Node),
    Sink = rpc:call(Node, erlang, whereis, [sink]),
    [begin
        _ = one_way(Sink, Bytes, list_to_integer(WarmUpMs)),
        {Messages, Nanoseconds, Slowest} = one_way(Sink, Bytes, list_to_integer(SustainedMs)),
        io:format("oneway ~b ~b ~b ~.1f~n", [Bytes, Messages, Nanoseconds, float(Slowest)])
    end || Bytes <- [100, 1000]],
    Body = binary:copy(<<0>>, 100),
    _ = trips(Sink, Body, ?TRIPS_WARM_UP, []),
    [io:format("trip ~b~n", [Trip]) || Trip <- trips(Sink, Body, list_to_integer(Trips), [])],
    halt(0).

one_way(Sink, Bytes, DurationMs) ->
    Body = binary:copy(<<0>>, Bytes),
    Started = now_ns(),
    send(Sink, Body, ?WINDOW),
    flow(Sink, Body, Started, DurationMs * 1000000, ?WINDOW, 0, {Started, 0, infinity}).

flow(Sink, Body, Started, Duration, Sent, Taken, {SliceStarted, SliceTaken, Slowest}) ->
    receive {credit, Count} ->
        Now = now_ns(),
        IsOver = Now - Started >= Duration,
        Slice = case Now - SliceStarted of
            Time when Time >= Duration div ?SLICES ->
                {Now, 0, min(Slowest, (SliceTaken + Count) * 1.0e9 / Time)};
            _ -> {SliceStarted, SliceTaken + Count, Slowest}
        end,
        if
            not IsOver ->
                send(Sink, Body, Count),
                flow(Sink, Body, Started, Duration, Sent + Count, Taken + Count, Slice);
            Taken + Count =:= Sent -> {Sent, Now - Started, slowest(Slice)};
            true -> flow(Sink, Body, Started, Duration, Sent, Taken + Count, {Now, 0, slowest(Slice)})
        end
    end.

slowest({_, _, infinity}) -> 0;
slowest({_, _, Slowest}) -> Slowest.

send(_, _, 0) -> ok;
send(Sink, Body, Count) -> Sink ! {take, self(), Body}, send(Sink, Body, Count - 1).

trips(_, _, 0, Trips) -> Trips;
trips(Sink, Body, Count, Trips) ->
    Started = now_ns(),
    Sink ! {ping, self(), Body},
    receive {pong, _} -> ok end,
    trips(Sink, Body, Count - 1, [now_ns() - Started | Trips]).

now_ns() -> erlang:monotonic_time(nanosecond).
