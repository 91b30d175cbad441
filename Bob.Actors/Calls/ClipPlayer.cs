using Akka.Actor;
using Bob.Actors.Audio;
using Bob.Actors.Records;
using Bob.Actors.Twilio;

namespace Bob.Actors.Calls;

/// <summary>Has clips said in a call, each as an item of its own. A clip that there is none of is not said: the call learns that by hearing nothing of it.</summary>
internal sealed class ClipPlayer(Clips clips, CallJournal journal, IActorRef callerLeg)
{
    private int _played;

    public void Play(ClipName name)
    {
        // The journal's number tells this incarnation's clips from those of an earlier one.
        if (clips.Find(name) is { } clip)
            callerLeg.Tell(new CallerLegProtocol.PlayClip(clip.Item($"clip-{journal.Last}-{++_played}")));
    }
}
