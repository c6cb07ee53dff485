%% The workloads of one scheduler, the same as in `local/workloads.ts`.
%% Messages are tuples of a name and a number. Prints one number of nanoseconds per operation and run.
-module(bench_local).
-export([main/1]).

-define(GROUP, 1000).

main([Row, OperationsText, RunsText]) ->
    bench_orphan:end_with_parent(),
    Operations = list_to_integer(OperationsText),
    Runs = list_to_integer(RunsText),
    Values = case Row of
        "heap" -> [heap(Operations)];
        _ ->
            {module, ?MODULE} = code:ensure_loaded(?MODULE),
            _ = isolated(Row, Operations),
            [isolated(Row, Operations) / Operations || _ <- lists:seq(1, Runs)]
    end,
    [io:format("~.4f~n", [float(Value)]) || Value <- Values],
    halt(0).

%% Each run in a process of its own, so that no run inherits a grown heap.
isolated(Row, Operations) ->
    Self = self(),
    {Pid, Monitor} = spawn_monitor(fun() -> Self ! {result, run(Row, Operations)} end),
    receive {result, Nanoseconds} ->
        receive {'DOWN', Monitor, process, Pid, _} -> Nanoseconds end;
        {'DOWN', Monitor, process, Pid, Reason} -> exit(Reason)
    end.

run("spawn", Count) ->
    Main = self(),
    Left = counters:new(1, []),
    timed(fun() ->
        Pids = [spawn(fun() -> worker(0, Count, Left, Main) end) || _ <- lists:seq(1, Count)],
        [Pid ! {add, 1} || Pid <- Pids],
        receive done -> ok end
    end);
run("spawnShort", Count) ->
    Main = self(),
    Left = counters:new(1, []),
    timed(fun() -> spawn_short(Count, Count, Left, Main), receive done -> ok end end);
run("ring", Hops) ->
    Main = self(),
    First = spawn_link(fun() -> receive {next, Next} -> passer(Next, Main) end end),
    Last = lists:foldl(
        fun(_, Next) -> spawn_link(fun() -> passer(Next, Main) end) end,
        First, lists:seq(2, ?GROUP)),
    First ! {next, Last},
    timed(fun() -> First ! {pass, Hops}, receive done -> ok end end);
run("pair", Trips) -> ping_pong(1, Trips);
run("pairs", Trips) -> ping_pong(?GROUP, Trips);
run("fanIn", Messages) ->
    Main = self(),
    Sink = spawn_link(fun() -> adder(0, Messages, Main) end),
    Senders = [spawn_link(fun() -> receive {start, Count} -> send(Sink, Count) end end)
               || _ <- lists:seq(1, ?GROUP)],
    timed(fun() ->
        [Sender ! {start, Messages div ?GROUP} || Sender <- Senders],
        receive done -> ok end
    end);
run("fanOut", Messages) ->
    Main = self(),
    Target = Messages div ?GROUP,
    Receivers = [spawn_link(fun() -> adder(0, Target, Main) end) || _ <- lists:seq(1, ?GROUP)],
    Source = spawn_link(fun() -> receive {start, Rounds} -> distribute(Receivers, Rounds) end end),
    timed(fun() -> Source ! {start, Target}, wait(?GROUP) end);
run("ask", Count) ->
    Main = self(),
    Answering = spawn_link(fun answering/0),
    Asking = spawn_link(fun() ->
        receive {start, N} -> ask_all(Answering, N), Main ! done end
    end),
    timed(fun() -> Asking ! {start, Count}, receive done -> ok end end).

timed(Work) ->
    Started = erlang:monotonic_time(nanosecond),
    Work(),
    erlang:monotonic_time(nanosecond) - Started.

wait(0) -> ok;
wait(Count) -> receive done -> wait(Count - 1) end.

spawn_short(0, _, _, _) -> ok;
spawn_short(Count, Target, Left, Main) ->
    Pid = spawn(fun() -> worker(0, Target, Left, Main) end),
    Pid ! {add, 1},
    spawn_short(Count - 1, Target, Left, Main).

worker(Sum, Target, Left, Main) ->
    receive {add, Amount} ->
        counters:add(Left, 1, Sum + Amount),
        case counters:get(Left, 1) of
            Target -> Main ! done;
            _ -> ok
        end
    end.

passer(Next, Main) ->
    receive
        {pass, 0} -> Main ! done;
        {pass, Left} -> Next ! {pass, Left - 1}, passer(Next, Main)
    end.

ping_pong(Pairs, Trips) ->
    Main = self(),
    Servers = [spawn_link(fun() -> receive {next, Pid} -> server(Pid, Main) end end)
               || _ <- lists:seq(1, Pairs)],
    [Server ! {next, spawn_link(fun() -> returner(Server) end)} || Server <- Servers],
    timed(fun() ->
        [Server ! {pass, Trips div Pairs} || Server <- Servers],
        wait(Pairs)
    end).

server(Partner, Main) ->
    receive
        {pass, 0} -> Main ! done;
        {pass, Left} -> Partner ! {pass, Left}, server(Partner, Main)
    end.

returner(Server) ->
    receive {pass, Left} -> Server ! {pass, Left - 1}, returner(Server) end.

adder(Sum, Target, Main) ->
    receive {add, Amount} ->
        case Sum + Amount of
            Target -> Main ! done;
            More -> adder(More, Target, Main)
        end
    end.

send(_, 0) -> ok;
send(To, Count) -> To ! {add, 1}, send(To, Count - 1).

distribute(_, 0) -> ok;
distribute(Receivers, Rounds) ->
    [Receiver ! {add, 1} || Receiver <- Receivers],
    distribute(Receivers, Rounds - 1).

%% What a `gen_server` call does: a monitor whose reference marks the answer, and a timeout.
ask_all(_, 0) -> ok;
ask_all(To, Count) ->
    Monitor = monitor(process, To),
    To ! {next, self(), Monitor, Count},
    receive
        {Monitor, Answer} -> demonitor(Monitor, [flush]), ask_all(To, Answer - 2);
        {'DOWN', Monitor, process, To, Reason} -> exit(Reason)
    after 5000 -> exit(timeout)
    end.

answering() ->
    receive {next, From, Mark, Number} -> From ! {Mark, Number + 1}, answering() end.

%% Processes with one field of state that handled one message; bytes each, as the machine counts them.
heap(Count) ->
    Main = self(),
    erlang:garbage_collect(),
    Before = erlang:memory(processes),
    Pids = [begin
        Pid = spawn(fun() -> idle(0, Main) end),
        Pid ! {add, 1},
        Pid
    end || _ <- lists:seq(1, Count)],
    wait(Count),
    erlang:garbage_collect(),
    %% The list that keeps them is two words each, and not theirs.
    Bytes = (erlang:memory(processes) - Before) / Count - 2 * erlang:system_info(wordsize),
    Count = length(Pids),
    Bytes.

idle(Sum, Main) ->
    receive {add, Amount} -> Main ! done, idle(Sum + Amount, Main) end.
