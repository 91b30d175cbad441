namespace Bob.Actors.Realtime;

/// <summary>
/// Which response has the floor. The API promises one at a time; should another begin while one still speaks, the caller hears the first to its end
/// and nothing of the other, instead of both in turns. One that has said all, or that the caller interrupts, gives the floor away, whether its end is
/// announced or not.
/// </summary>
internal sealed class SpeakingResponse
{
    /// <summary>Strangers remembered: more at a time than any server has in its socket.</summary>
    private const int MaxStrangers = 8;

    private readonly Queue<string> _strangers = new();
    private string? _speaking;
    private bool _inWord;

    /// <summary>A response begins. False when it is a stranger's.</summary>
    public bool Begins(string responseId)
    {
        if (IsStranger(responseId))
            return false;
        if (_inWord && _speaking != responseId)
        {
            if (_strangers.Count == MaxStrangers)
                _strangers.Dequeue();
            _strangers.Enqueue(responseId);
            return false;
        }

        (_speaking, _inWord) = (responseId, true);
        return true;
    }

    /// <summary>A piece of voice comes. False when it is a stranger's, announced or not, and not to be heard.</summary>
    public bool Says(ReadOnlySpan<byte> responseId)
    {
        if (_speaking is not null && System.Text.Ascii.Equals(responseId, _speaking))
            return _inWord = true;
        if (_inWord)
            return false;
        foreach (var stranger in _strangers)
        {
            if (System.Text.Ascii.Equals(responseId, stranger))
                return false;
        }

        return true;
    }

    public bool IsStranger(string responseId) => _strangers.Contains(responseId);

    /// <summary>An item of the response is finished; another one may follow.</summary>
    public void Finishes(string responseId)
    {
        if (_speaking == responseId)
            _inWord = false;
    }

    /// <summary>A response is over: what still comes of it takes the floor from nobody.</summary>
    public void Ends(string responseId)
    {
        if (_speaking == responseId)
            Interrupted();
    }

    /// <summary>The caller speaks: whatever was said until now is over.</summary>
    public void Interrupted() => (_speaking, _inWord) = (null, false);
}
