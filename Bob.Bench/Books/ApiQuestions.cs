namespace Bob.Bench.Books;

/// <summary>Every way to ask the API, for books that <see cref="SeededBooks"/> filled.</summary>
internal static class ApiQuestions
{
    /// <param name="calls">How many there are.</param>
    /// <param name="page">The address of a page of the newest calls, halfway through all of them.</param>
    public static IReadOnlyList<string> Of(int calls, string page)
    {
        var caller = Uri.EscapeDataString(SeededBooks.Caller(7));
        var middle = SeededBooks.Start.AddMinutes(5.0 * calls / 2);
        var (from, to) = ($"{middle:yyyy-MM-dd}", $"{middle.AddDays(7):yyyy-MM-dd}");
        return
        [
            "/api/calls",
            page,
            $"/api/calls?from={from}&to={to}",
            $"/api/calls?number={caller}",
            $"/api/calls?number={caller}&result=Completed&from={from}",
            "/api/calls?result=Failed",
            $"/api/calls?side=Model&to={to}",
            "/api/calls?reason=model-no-credit",
            "/api/calls?result=Failed&side=Model&reason=model-no-credit",
            "/api/calls?minCost=15",
            "/api/calls?minCost=0.1&maxCost=0.3&result=Completed",
            "/api/calls?words=zanzibar",
            "/api/calls?words=centennial",
            "/api/calls?words=weekly",
            "/api/calls?words=hello",
            "/api/calls?words=w1+w2",
            "/api/calls?words=w700",
            "/api/calls?words=hello&result=Failed",
            $"/api/calls?words=weekly&from={from}&to={to}",
            $"/api/calls?words=hello&number={caller}",
            $"/api/calls/{SeededBooks.CallSid(calls / 40 * 20)}",
            "/api/callers",
            $"/api/callers/{SeededBooks.Caller(7)}",
            "/api/callers.csv",
            "/api/messages",
            "/api/messages?handled=false",
            "/api/messages?handled=true",
            $"/api/messages?number={caller}",
            "/api/messages/5",
        ];
    }
}
