namespace Bob.Actors.Calls;

/// <summary>Twilio's id of a call leg: <c>CA</c> and 32 hexadecimal digits. Stays the same for the life of the leg, also over several media streams.</summary>
public readonly record struct CallSid(string Value)
{
    public override string ToString() => Value;
}

/// <summary>Twilio's id of one media stream: <c>MZ</c> and 32 hexadecimal digits. A resumed call gets a new one.</summary>
public readonly record struct StreamSid(string Value)
{
    public override string ToString() => Value;
}
