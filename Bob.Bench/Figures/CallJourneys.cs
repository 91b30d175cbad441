namespace Bob.Bench.Figures;

/// <summary>What happened on the lines of all calls of a run.</summary>
internal sealed class CallJourneys
{
    public Journey ToModel { get; } = new();

    public Journey ToCaller { get; } = new();

    public long Marks { get; set; }

    public long Clears { get; set; }

    /// <summary>Messages that Twilio would not understand.</summary>
    public long Strange { get; set; }

    /// <summary>Calls that were refused, or dropped by the server.</summary>
    public int Failed { get; set; }

    public bool Measuring
    {
        set => ToModel.Measuring = ToCaller.Measuring = value;
    }
}
