%% No node outlives the benchmark that started it: standard input ends with it.
-module(bench_orphan).
-export([end_with_parent/0]).

end_with_parent() -> spawn(fun read/0).

read() ->
    case io:get_line("") of
        eof -> halt(1);
        {error, _} -> halt(1);
        _ -> read()
    end.
