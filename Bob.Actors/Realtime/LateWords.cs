namespace Bob.Actors.Realtime;

/// <summary>
/// What a session has still to tell when its call is over: the caller's last words, which take the transcription a moment, and what the response cost that
/// is broken off now. Nothing more is asked of it. Part of <see cref="OpenAiRealtimeActor"/>, and only ever run by it.
/// </summary>
/// <param name="detection">How the server finds the end of a turn.</param>
/// <param name="active">The response in progress.</param>
/// <param name="expected">A response was asked for, or the server will answer the caller's turn.</param>
/// <param name="transcribed">Whether callers' turns come in words.</param>
internal sealed class LateWords(ModelConnection connection, CallerTurns turns, TurnDetection detection, string? active, bool expected, bool transcribed)
{
    /// <summary>A server that has said nothing in this time is not going to: within a second nothing of a call is to be left that nobody tells of.</summary>
    public static readonly TimeSpan SignOfLife = TimeSpan.FromMilliseconds(750);

    /// <summary>Transcription takes a few tenths of a second, and seldom more than one.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private readonly int _messages = connection.Progress.Messages;
    private string? _active = active;
    private bool _expected = expected, _turnToCome;

    /// <summary>Whether all is told.</summary>
    public bool IsComplete => _active is null && !_expected && !_turnToCome && !turns.IsOpen && !(transcribed && turns.AwaitsWords);

    /// <summary>Whether the server has said anything since.</summary>
    public bool IsAlive => connection.Progress.Messages != _messages;

    /// <summary>
    /// Breaks off what is being said, and ends with silence the turn that hanging up has cut, also one that the server has not noticed yet: to commit it
    /// is for sessions that find no turns by themselves.
    /// </summary>
    public void Begin()
    {
        if (_active is not null)
            connection.Cancel(_active);
        _turnToCome = transcribed && !turns.IsOpen && turns.MayHaveBegun;
        if (turns.IsOpen || _turnToCome)
            turns.EndOpenTurn(detection);
        connection.SendAudio();
        if (!IsComplete)
            connection.Probe(); // or a server that is there might have no reason to say so
    }

    /// <summary>A server that is there would have told by now that the caller spoke.</summary>
    public void NothingMoreWasSaid() => _turnToCome = false;

    /// <summary>Takes in what the server tells.</summary>
    public void Heard(RealtimeEvent happened)
    {
        switch (happened)
        {
            case SpeechStarted started:
                turns.Started(started.AudioStartMs);
                if (!_turnToCome)
                    turns.EndOpenTurn(detection);
                connection.SendAudio();
                _turnToCome = false;
                break;
            case SpeechStopped stopped:
                turns.Stopped(stopped.ItemId, stopped.AudioEndMs);
                _expected = true;
                break;
            case CallerTranscribed words:
                turns.Settled(words.ItemId);
                break;
            case TranscriptionFailed failed:
                turns.Wordless(failed.ItemId);
                break;
            case ResponseCreated created:
                (_active, _expected) = (created.ResponseId, false);
                connection.Cancel(created.ResponseId);
                break;
            case ResponseDone done when done.ResponseId == _active:
                _active = null;
                break;
        }
    }
}
