using System.Globalization;
using Bob.Simulator.Faults;

namespace Bob.Simulator.Torture;

/// <summary>
/// What goes wrong at a point of the script. <c>media reset|fin|freeze</c>: at Twilio's end of the stream. <c>session mute|freeze|drop|fin|expire|close CODE</c>: at
/// the model's end of its newest session. <c>line ACTION</c> and <c>model ACTION</c>: what the proxies on Twilio's and the model's side can do
/// (<see cref="ProxyAction"/>), with <c>ms=</c>, <c>rate=</c>, <c>every=</c>, <c>way=to-server|to-client</c>. <c>model gone|back</c>: nobody listens there.
/// </summary>
internal static class FaultSteps
{
    public static IReadOnlyDictionary<string, Step> Verbs { get; } = new Dictionary<string, Step>
    {
        ["media"] = Media,
        ["session"] = Session,
        ["line"] = (stage, text) => Struck(stage, "line", text, stage.Lane.FrontDoor, connection => connection.IsWebSocket),
        ["model"] = Model,
    };

    private static Task Media(Stage stage, string text)
    {
        stage.Strike($"media {text}");
        switch (text)
        {
            case "freeze":
                stage.Caller.Call.FreezeMedia();
                break;
            case "reset" or "fin":
                stage.Caller.Call.DropMedia(reset: text == "reset");
                break;
            default:
                throw new StepFailedException("write reset, fin or freeze");
        }

        return Task.CompletedTask;
    }

    private static async Task Session(Stage stage, string text)
    {
        var session = stage.Model.Sessions.LastOrDefault(one => !one.Closed) ?? throw new StepFailedException("the model has no session");
        stage.Strike($"session {text}");
        switch (text.Split(' '))
        {
            case ["mute"]:
                session.Mute();
                break;
            case ["freeze"]:
                await session.FreezeAsync();
                break;
            case ["drop"]:
                _ = session.DropAsync();
                break;
            case ["fin"]:
                _ = session.FinAsync();
                break;
            case ["expire"]:
                session.Expire();
                break;
            case ["close", var code]:
                _ = session.CloseAsync(int.Parse(code, CultureInfo.InvariantCulture));
                break;
            default:
                throw new StepFailedException("write mute, freeze, drop, fin, expire or close CODE");
        }
    }

    private static Task Model(Stage stage, string text)
    {
        if (text is not ("gone" or "back"))
            return Struck(stage, "model", text, stage.Lane.Model, null);
        if (text == "gone")
            stage.Strike("model gone");
        stage.Lane.Model.TargetPort = text == "gone" ? 0 : stage.Model.Url.Port;
        return Task.CompletedTask;
    }

    private static Task Struck(Stage stage, string where, string text, FaultProxy proxy, Func<ProxiedConnection, bool>? meant)
    {
        var fault = Fault(text);
        if (fault.Do != ProxyAction.Heal)
            stage.Strike($"{where} {text}");
        if (proxy.Strike(fault, meant) == 0)
            throw new StepFailedException("no connection is up there");
        return Task.CompletedTask;
    }

    private static ProxyFault Fault(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || !Enum.TryParse<ProxyAction>(words[0].Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var action))
            throw new StepFailedException($"write one of {string.Join(", ", Enum.GetNames<ProxyAction>()).ToLowerInvariant()}");
        var fault = new ProxyFault { Do = action };
        foreach (var (name, value) in words[1..].Select(word => word.Split('=', 2)).Select(pair => (pair[0], pair[^1])))
        {
            fault = name switch
            {
                "ms" => fault with { Ms = int.Parse(value, CultureInfo.InvariantCulture) },
                "rate" => fault with { BytesPerSecond = int.Parse(value, CultureInfo.InvariantCulture) },
                "every" => fault with { EveryBytes = int.Parse(value, CultureInfo.InvariantCulture) },
                "way" => fault with { Way = value == "to-server" ? ProxyDirection.ToServer : ProxyDirection.ToClient },
                _ => throw new StepFailedException($"{name} is none of ms, rate, every and way"),
            };
        }

        return fault;
    }
}
