package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	docket "docket.example/docketv1"
)

// kept is this consumer's position, and the epoch of its log.
type kept struct {
	Position int64 `json:"position"`
	Epoch    int64 `json:"epoch"`
}

// follow handles every activity in order, and resumes after the stored position when the stream ends.
func follow(ctx context.Context, conn *grpc.ClientConn) error {
	at, err := load()
	if err != nil {
		return err
	}
	for {
		err := read(ctx, docket.NewActivityServiceClient(conn), &at)
		// A restart or a slow reader: resume. Anything else needs a person.
		if code := status.Code(err); code != codes.Unavailable && code != codes.ResourceExhausted {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func read(ctx context.Context, activities docket.ActivityServiceClient, at *kept) error {
	stream, err := activities.StreamActivities(ctx, &docket.StreamActivitiesRequest{
		Start: &docket.StreamActivitiesRequest_AfterPosition{AfterPosition: at.Position},
		Epoch: at.Epoch,
	})
	if err != nil {
		return err
	}
	for {
		frame, err := stream.Recv()
		if err != nil {
			return err
		}
		// The first frame is a bookmark with the start; each one after it continues the one before.
		if frame.Since != at.Position {
			return fmt.Errorf("frames between %d and %d were lost", at.Position, frame.Since)
		}
		position := frame.GetBookmark().GetPosition()
		if activity := frame.GetActivity(); activity != nil {
			handle(activity)
			position = activity.Position
		}
		*at = kept{Position: position, Epoch: frame.Epoch}
		if err := keep(*at); err != nil {
			return err
		}
	}
}

// handle is where your work goes. After a crash, the last activity may be repeated: compare its position.
func handle(activity *docket.Activity) {
	fmt.Println(activity.Position, activity.Type)
}

func file() string {
	if name := os.Getenv("DOCKET_POSITION_FILE"); name != "" {
		return name
	}
	return "position.json"
}

func load() (at kept, err error) {
	data, err := os.ReadFile(file())
	if errors.Is(err, os.ErrNotExist) {
		return kept{}, nil
	}
	if err != nil {
		return kept{}, err
	}
	return at, json.Unmarshal(data, &at)
}

// keep stores the position after the work, atomically.
func keep(at kept) error {
	data, err := json.Marshal(at)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file()+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(file()+".new", file())
}
