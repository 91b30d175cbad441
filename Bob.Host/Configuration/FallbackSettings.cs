using Bob.Actors.Calls;
using Bob.Host.Twilio;

namespace Bob.Host.Configuration;

/// <summary>Who takes a call over that Bob cannot go on with.</summary>
/// <param name="Number">The telephone that rings, E.164; null where none does.</param>
public sealed record FallbackOptions(Fallback Kind, string? Number)
{
    public override string ToString() => $"{nameof(FallbackOptions)} {{ {Kind} }}";
}

/// <summary>The settings of who takes over.</summary>
public static class FallbackSettings
{
    public static FallbackOptions Read(Settings settings)
    {
        var kind = Enum.Parse<Fallback>(settings.OneOf(Keys.Fallback, nameof(Fallback.Voicemail), [.. Enum.GetNames<Fallback>().Select(name => name.ToLowerInvariant())]), ignoreCase: true);
        var number = settings.Text(Keys.FallbackNumber);
        if (number is not null && !PhoneNumber.IsE164(number))
            settings.Fault(Keys.FallbackNumber, $"{settings.Shown(number)} is not a phone number in E.164", PhoneNumber.Remedy);
        else if (number is not null && number == settings.Text(Keys.TwilioPhoneNumber))
            settings.Fault(Keys.FallbackNumber, "is Bob's own number, and callers would go round in a circle", "Write the number of a human");
        else if (number is null && kind == Fallback.Human)
            settings.Fault(Keys.FallbackNumber, $"is not set, and {Keys.Fallback} is human", PhoneNumber.Remedy);
        return new FallbackOptions(kind, kind == Fallback.Human ? number : null);
    }

    public static IEnumerable<string> Warnings(Settings settings, FallbackOptions fallback) =>
        fallback.Kind != Fallback.Human && settings.Text(Keys.FallbackNumber) is not null ? [$"{Keys.FallbackNumber} has no effect, because {Keys.Fallback} is not human"] : [];
}
