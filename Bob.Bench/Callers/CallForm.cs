namespace Bob.Bench.Callers;

/// <summary>The fields Twilio sends about a call: as many and as long as they really are, because they are signed.</summary>
internal static class CallForm
{
    public static List<KeyValuePair<string, string>> Of(string callSid, string callStatus, int number)
    {
        var from = $"+1555{number % 10_000_000:0000000}";
        return
        [
            new("AccountSid", TwilioMessages.AccountSid),
            new("ApiVersion", "2010-04-01"),
            new("CallSid", callSid),
            new("CallStatus", callStatus),
            new("CallToken", "%7B%22parentCallInfoToken%22%3A%22eyJhbGciOiJFUzI1NiJ9.eyJjYWxsU2lkIjoiQ0EwMCIsImZyb20iOiIrMTU1NTAxMDAwMDEifQ.c2lnbmF0dXJl%22%7D"),
            new("Called", "+15550100002"),
            new("CalledCity", ""),
            new("CalledCountry", "US"),
            new("CalledState", "CA"),
            new("CalledZip", ""),
            new("Caller", from),
            new("CallerCity", "SAN JOSE"),
            new("CallerCountry", "US"),
            new("CallerState", "CA"),
            new("CallerZip", "95101"),
            new("Direction", "inbound"),
            new("From", from),
            new("FromCity", "SAN JOSE"),
            new("FromCountry", "US"),
            new("FromState", "CA"),
            new("FromZip", "95101"),
            new("StirVerstat", "TN-Validation-Passed-A"),
            new("To", "+15550100002"),
            new("ToCity", ""),
            new("ToCountry", "US"),
            new("ToState", "CA"),
            new("ToZip", ""),
        ];
    }
}
