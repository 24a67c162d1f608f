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

// kept is how far this consumer is, and in which log.
type kept struct {
	Position int64 `json:"position"`
	Epoch    int64 `json:"epoch"`
}

// follow handles every activity in order, and goes on after what is kept when the stream ends.
func follow(ctx context.Context, conn *grpc.ClientConn) error {
	at, err := load()
	if err != nil {
		return err
	}
	for {
		err := read(ctx, docket.NewActivityServiceClient(conn), &at)
		// A restart, a slow reader: go on. All else is for a person to look at.
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

// handle is your work. After a crash the last activity may come again: its position tells.
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

// keep writes after the work, and whole or not at all.
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
